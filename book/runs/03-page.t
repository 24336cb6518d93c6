  $ . "$ROOT/tools/shell.sh"

The page of chapter 3, as its reader makes it of chapter 2's. A client with twenty good messages and
a thousand bytes of nonsense loses most of its answers to a plain close.

  $ page 3
  $ build page && start ./page
  listening on 127\.0\.0\.1:\d+ (re)
  $ (for i in {1..20}; do printf '\0\0\1\0'; head -c 65536 /dev/zero; done; yes | head -c 1000) > spoken
  $ exec 5<>/dev/tcp/127.0.0.1/$port; (cat spoken >&5 &); sleep 1; cat <&5 | wc -c
  cat: -: Connection reset by peer
  \d{5,6} (re)

The three moves: the end of our stream, then the client's, then the close.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +void hang_up(int client) {
  > +  // yours
  > +  close(client);
  > +}
  > +
  >  int main(int argc, char** argv) {
  >  // …
  >      serve(client);
  > -    close(client);
  > +    hang_up(client);
  >    }
  > END
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  void hang_up(int client) {
  > -  // yours
  > +  // First our end of the stream, after the last answer. It fails if the client is gone already.
  > +  if (shutdown(client, SHUT_WR) == 0) {
  > +    // Then discard the client's input, until it ends its side.
  > +    char discarded[4096];
  > +    while (recv(client, discarded, sizeof discarded, 0) > 0) {
  > +    }
  > +  }
  >    close(client);
  > END
  $ build page && start ./page; exec 5<>/dev/tcp/127.0.0.1/$port
  listening on 127\.0\.0\.1:\d+ (re)
  $ (cat spoken >&5 &); sleep 1; timeout --foreground 3 cat <&5 | wc -c
  1310800

Our end comes first, although the client doesn't end its side.

  $ TIMEFORMAT='%R s'; start ./page; exec 5<>/dev/tcp/127.0.0.1/$port; printf '\377\377\377\377' >&5
  listening on 127\.0\.0\.1:\d+ (re)
  $ time timeout --foreground 3 cat <&5
  [01]\.\d+ s (re)

A client that announces four gigabytes, and stays. The next one waits for it.

  $ next_client() { printf '\2\0\0\0hi' | timeout 6 ncat 127.0.0.1 $port | xxd; }
  $ start ./page; exec 5<>/dev/tcp/127.0.0.1/$port; printf '\377\377\377\377' >&5; time next_client
  listening on 127\.0\.0\.1:\d+ (re)
  6\.\d+ s (re)

For two seconds in all. A limit for each receive would not do, because this one sends a byte now and
then.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -    // Then discard the client's input, until it ends its side.
  > +    // Then discard the client's input, until it ends its side, or for two seconds.
  > +    const Time give_up = Clock::now() + 2s;
  >      char discarded[4096];
  > -    while (recv(client, discarded, sizeof discarded, 0) > 0) {
  > +    while (receive_until(client, discarded, give_up) > 0) {
  >      }
  > END
  $ build page && start ./page; exec 5<>/dev/tcp/127.0.0.1/$port
  listening on 127\.0\.0\.1:\d+ (re)
  $ dribble() { printf '\377\377\377\377'; for i in {1..8}; do sleep 0.5; printf x; done; }
  $ (dribble >&5 2> /dev/null &); sleep 0.2; time next_client
  00000000: 0200 0000 6869                           ....hi
  [12]\.\d+ s (re)

A client that reads only after the server has closed loses nothing, unless it goes on sending.

  $ exec 5<>/dev/tcp/127.0.0.1/$port; (cat spoken >&5 &); sleep 5; cat <&5 | wc -c
  1310800
  $ exec 5<>/dev/tcp/127.0.0.1/$port; ((cat spoken; sleep 3; echo more) >&5 &); sleep 5; cat <&5 | wc -c
  cat: -: Connection reset by peer
  (?!1310800)\d{5,6} (re)

The server is suspended while a client sends a message and ends its side: half of the connection is
over. Continued, the server answers into the other half.

  $ start ./page
  listening on 127\.0\.0\.1:\d+ (re)
  $ kill -STOP $pid; (printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd &); sleep 1
  $ ss -tnH "sport = :$port or dport = :$port" | awk '{print $1, $4, $5}' | sort -r
  FIN-WAIT-[12] 127\.0\.0\.1:\d+ 127\.0\.0\.1:\d+ (re)
  CLOSE-WAIT 127\.0\.0\.1:\d+ 127\.0\.0\.1:\d+ (re)
  $ kill -CONT $pid; sleep 1
  00000000: 0200 0000 6869                           ....hi

Without its flag, a send to a client that has gone ends the server.

  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -    const ssize_t n = send(client, rest.data(), rest.size(), MSG_NOSIGNAL);
  > +    const ssize_t n = send(client, rest.data(), rest.size(), 0);
  > END
  $ build page && start ./page
  listening on 127\.0\.0\.1:\d+ (re)
  $ suspend; head -c 100000 /dev/zero >/dev/tcp/127.0.0.1/$port; kill -CONT $pid; exit_status
  exit status 141
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > -    const ssize_t n = send(client, rest.data(), rest.size(), 0);
  > +    const ssize_t n = send(client, rest.data(), rest.size(), MSG_NOSIGNAL);
  > END
  $ build page && start ./page
  listening on 127\.0\.0\.1:\d+ (re)
  $ kill -STOP $pid; head -c 100000 /dev/zero >/dev/tcp/127.0.0.1/$port; kill -CONT $pid
  $ next_client
  00000000: 0200 0000 6869                           ....hi

The page that does not hang up: each client costs it a descriptor, and its connection stays in
CLOSE-WAIT.

  $ without 'hang_up(client);' page && start ./without
  - hang_up(client);
  listening on 127\.0\.0\.1:\d+ (re)
  $ for i in {1..10}; do say_hi; done; ls /proc/$pid/fd | wc -l
  14
  $ ss -tanH src 127.0.0.1:$port | awk '{print $1}' | sort | uniq -c
       10 CLOSE-WAIT
        1 LISTEN

The page without SO_REUSEADDR hangs up first. For a minute nobody can listen on its port, not even a
server that sets the option. The page that sets it can be started again at once.

  $ too_much() { exec 5<>/dev/tcp/127.0.0.1/$port; printf '\377\377\377\377' >&5; cat <&5
  >   exec 5>&-; sleep 0.1; }
  $ without 'SO_REUSEADDR, ' page && start ./without
  - check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  listening on 127\.0\.0\.1:\d+ (re)
  $ p=$port; too_much; ss -tanH src 127.0.0.1:$p | awk '{print $1, $4}'
  LISTEN 127\.0\.0\.1:\d+ (re)
  TIME-WAIT 127\.0\.0\.1:\d+ (re)
  $ too_much; stop; ./without $p
  without: bind: Address already in use
  [1]
  $ start ./page; q=$port; too_much; stop; start ./page $q
  listening on 127\.0\.0\.1:\d+ (re)
  listening on 127\.0\.0\.1:\d+ (re)
  $ start ./without; p=$port; too_much; stop; ./page $p
  listening on 127\.0\.0\.1:\d+ (re)
  page: bind: Address already in use
  [1]
