  $ . "$ROOT/tools/shell.sh"

Two changes to the fifth stage, each in a copy, and a copy without any. That each compiles and works
is seen before it is measured.

  $ for name in again clock taken; do cp -r "$ROOT/part5-epoll" $name; done
  $ "$ROOT/book/tools/edit.py" clock/client.h << 'END'
  >    State state = State::conversing;
  > +  Time spoke = Clock::now();       // when its last message was whole
  >    std::size_t unacknowledged = 0;  // bytes, when we last sent or looked
  > END
  $ "$ROOT/book/tools/edit.py" clock/client.cc << 'END'
  > +#include <string>
  >  #include <utility>
  >  // …
  >        .closed(client.peer, reason, client.session->inside_message());
  > +  const auto silent = (Clock::now() - client.spoke) / std::chrono::milliseconds(1);
  > +  if (options.verbose) common::log(std::to_string(silent) + " ms silent");
  >  }
  >  // …
  >    } else if (*completed > 0) {
  > +    client.spoke = Clock::now();
  > END
  $ "$ROOT/book/tools/edit.py" taken/client.h << 'END'
  >    State state = State::conversing;
  > +  std::size_t not_taken = 0;       // bytes, the most after any of our sends
  >    std::size_t unacknowledged = 0;  // bytes, when we last sent or looked
  > END
  $ "$ROOT/book/tools/edit.py" taken/client.cc << 'END'
  > +#include <algorithm>
  >  #include <cerrno>
  > +#include <string>
  >  #include <utility>
  >  // …
  >        .closed(client.peer, reason, client.session->inside_message());
  > +  if (options.verbose) common::log(std::to_string(client.not_taken) + " bytes not taken");
  >  }
  >  // …
  >    if (sent > 0) {
  > +    client.not_taken = std::max(client.not_taken, common::unacknowledged_bytes(client.fd));
  > END
  $ for name in again clock taken; do build $name/server $name/{client,workers}.cc; done
  $ start clock/server --port 0 --verbose 2> log
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 1; say_hi; sleep 0.5; stop; grep silent log
  [56]\d\d ms silent (re)
  $ start taken/server --port 0 --verbose 2> log
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 1 cat /dev/zero >&5; say_hi; stop; grep taken log
  0 bytes not taken
  \d{7} bytes not taken (re)

One round, twice: whatever is compared, one of the two is slower, and next time it may be the other.

  $ compare part5 {again,clock,taken}/server --rounds 1
  part5: \d+\.\d\d us of processor time a message, by the median (re)
                ratio  interval  slower in
  again/server  \d\.\d{3}  -         [01] of 1     inconclusive (re)
  clock/server  \d\.\d{3}  -         [01] of 1     inconclusive (re)
  taken/server  \d\.\d{3}  -         [01] of 1     inconclusive (re)
  $ compare part5 {again,clock,taken}/server --rounds 1
  part5: \d+\.\d\d us of processor time a message, by the median (re)
                ratio  interval  slower in
  again/server  \d\.\d{3}  -         [01] of 1     inconclusive (re)
  clock/server  \d\.\d{3}  -         [01] of 1     inconclusive (re)
  taken/server  \d\.\d{3}  -         [01] of 1     inconclusive (re)

So many rounds that they can be counted instead of having to agree.

  $ compare part5 {again,clock,taken}/server
  part5: \d+\.\d\d us of processor time a message, by the median (re)
                ratio  interval        slower in
  again/server  \d\.\d{3}  \d\.\d{3} to \d\.\d{3} +\d+ of 60 +(real|inconclusive) (re)
  clock/server  \d\.\d{3}  \d\.\d{3} to \d\.\d{3} +\d+ of 60 +(real|inconclusive) (re)
  taken/server  \d\.\d{3}  \d\.\d{3} to \d\.\d{3} +\d+ of 60 +(real|inconclusive) (re)

The same number, asked for only where a client has not taken all.

  $ "$ROOT/book/tools/edit.py" taken/client.cc << 'END'
  >    if (sent > 0) {
  > -    client.not_taken = std::max(client.not_taken, common::unacknowledged_bytes(client.fd));
  >      client.held.drop_front(static_cast<std::size_t>(sent));
  >  // …
  >    if (client.held.empty()) return true;
  > +  client.not_taken = std::max(client.not_taken, common::unacknowledged_bytes(client.fd));
  >    client.held.own();  // the next client receives into the same bytes
  > END
  $ build taken/server taken/{client,workers}.cc && start taken/server --port 0 --verbose 2> log
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 1 cat /dev/zero >&5; stop; grep taken log
  \d{7} bytes not taken (re)
  $ compare part5 taken/server
  part5: \d+\.\d\d us of processor time a message, by the median (re)
                ratio  interval        slower in
  taken/server  \d\.\d{3}  \d\.\d{3} to \d\.\d{3} +\d+ of 60 +(real|inconclusive) (re)
  $ rm -r again clock taken log
