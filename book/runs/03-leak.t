  $ . "$ROOT/tools/shell.sh"

The page that does not hang up: each client costs it a descriptor, and its connection stays in
CLOSE-WAIT.

  $ without 'hang_up(client);' 09-three-moves && start ./without
  - hang_up(client);
  listening on 127\.0\.0\.1:\d+ (re)
  $ for i in {1..10}; do say_hi; done; ls /proc/$pid/fd | wc -l
  14
  $ ss -tanH src 127.0.0.1:$port | awk '{print $1}' | sort | uniq -c
       10 CLOSE-WAIT
        1 LISTEN
  $ stop
