  $ . "$ROOT/tools/shell.sh"

Chapter 5's smallest loop. Without its flag, one client's receive waits, and with it everybody.

  $ page 03-ask-everyone waits
  $ "$ROOT/book/tools/edit.py" waits.cc << 'END'
  > -    const int client = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  > +    const int client = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  > END
  $ build waits && start ./waits; exec 5<>/dev/tcp/127.0.0.1/$port
  listening on 127\.0\.0\.1:\d+ (re)
  $ echo hello | timeout 2 ncat 127.0.0.1 $port; echo "exit status $?"
  exit status 124

With a nap in each round, a question waits for the next one.

  $ page 03-ask-everyone naps
  $ "$ROOT/book/tools/edit.py" naps.cc << 'END'
  >    while (true) {
  > +    usleep(100'000);
  >      const int client = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  > END
  $ twenty() { for i in {1..20}; do echo hi >&5; read -r answer <&5; done; }; TIMEFORMAT='%R s'
  $ build naps && start ./naps; exec 5<>/dev/tcp/127.0.0.1/$port; time twenty
  listening on 127\.0\.0\.1:\d+ (re)
  [2-4]\.\d{3} s (re)
  $ stop
  $ start "$BUILD/part3-nonblocking/steps/03-ask-everyone"; exec 5<>/dev/tcp/127.0.0.1/$port; time twenty
  listening on 127\.0\.0\.1:\d+ (re)
  0\.\d{3} s (re)
  $ stop

The page with a take of its reader's: half a message, and one and a half.

  $ yours take 04-patient-loop
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  bool take(Client& client) {
  > -  return {};  // yours
  > +  std::size_t taken = 0;
  > +  std::uint64_t message_bytes = 0;  // 4 more than a length may not fit into 32 bits
  > +  while (client.in.size() - taken >= 4) {
  > +    message_bytes = 4 + std::uint64_t{length_in(&client.in[taken])};
  > +    if (message_bytes > message_bytes_max || client.in.size() - taken < message_bytes) break;
  > +    taken += static_cast<std::size_t>(message_bytes);
  > +  }
  > +  client.held.append(client.in, 0, taken);  // an echo: the answers are the messages
  > +  client.in.erase(0, taken);
  > +  if (client.in.empty()) client.in.shrink_to_fit();  // an empty string keeps its memory
  > +  return message_bytes <= message_bytes_max;
  >  }
  > END
  $ bob() { printf '\2\0\0\0h' >&5; sleep 1; printf 'i' >&5; }
  $ build page && start ./page
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; bob; printf '\3\0\0\0you\5\0\0\0hal' >&5
  $ timeout --foreground 1 cat <&5 | xxd
  00000000: 0200 0000 6869 0300 0000 796f 75         ....hi....you
  $ stop
