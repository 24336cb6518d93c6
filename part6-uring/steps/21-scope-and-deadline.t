  $ . "$ROOT/tools/shell.sh"
  $ ln -s "$STEPS"/[0-9]* .

Its growth, edit by edit, is chapter 12's: book/runs/12-page.t ends with this step.

  $ TIMEFORMAT='%R s'; start ./21-scope-and-deadline 0 --read-timeout 300ms
  listening on 127\.0\.0\.1:\d+ (re)
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi
  $ exec 5<>/dev/tcp/127.0.0.1/$port; time timeout 5 cat <&5
  (0\.[3-9]|[1-4]\.\d)\d\d s (re)

If the page waited for acknowledgements on any other day, a client that never reads would keep its
place.

  $ long() { for i in {1..20}; do printf '\0\0\1\0'; head -c 65536 /dev/zero; done; }
  $ never_reads() { exec 5<>/dev/tcp/127.0.0.1/$port; long >&5; sleep 4; ss -tnHp sport = :$port; }
  $ start ./21-scope-and-deadline 0 --read-timeout 300ms; never_reads | grep -c pid
  listening on 127\.0\.0\.1:\d+ (re)
  0
  [1]
  $ sed 's/if (stopping) co_await/co_await/' $ROOT/part6-uring/steps/21-scope-and-deadline.cc > always.cc
  $ build always && start ./always 0 --read-timeout 300ms; never_reads | grep -c pid
  listening on 127\.0\.0\.1:\d+ (re)
  1

The lines of the stop. Silent clients leave at once, if their deadlines are cancelled. If the accept
isn't asked to end, the stop never ends; and a client that nobody waits for has its answers destroyed.

  $ silent() { crowd 5; time { kill -INT $pid; wait $pid; }; }
  $ start ./21-scope-and-deadline; silent
  listening on 127\.0\.0\.1:\d+ (re)
  [01]\.\d+ s (re)
  $ without 'client->deadline' 21-scope-and-deadline
  - for (Client* client : Client::here) client->deadline.cancel();
  $ start ./without; silent
  listening on 127\.0\.0\.1:\d+ (re)
  5\.\d+ s (re)
  $ without tasks.cancel 21-scope-and-deadline
  - tasks.cancel();
  $ start ./without; crowd 5; kill -INT $pid; timeout 7 tail --pid=$pid -f /dev/null; echo $?; kill -KILL $pid
  listening on 127\.0\.0\.1:\d+ (re)
  124
  $ owed() { exec 5<>/dev/tcp/127.0.0.1/$port; long >&5; sleep 0.5; kill -INT $pid; sleep 3
  >   printf x >&5; cat <&5 2>/dev/null | wc -c; }
  $ without clients.join 21-scope-and-deadline
  - co_await clients.join();
  $ start ./without; owed
  listening on 127\.0\.0\.1:\d+ (re)
  (?!1310800)\d+ (re)
  $ without 'if (stopping)' 21-scope-and-deadline
  - if (stopping) co_await wait_until_acknowledged(client);  // a stop may begin while it lingers
  $ start ./without; owed
  listening on 127\.0\.0\.1:\d+ (re)
  (?!1310800)\d+ (re)
  $ stop
