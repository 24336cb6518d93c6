  $ . "$ROOT/tools/shell.sh"
  $ ln -s "$BUILD/part3-nonblocking/steps/04-patient-loop" "$CRAMTMP"; cd "$CRAMTMP"

A client sends 200 MiB and reads nothing; what the server has of it fits into a few pages. The rest
is in the kernel's buffers, or was never sent. When the client reads at last, it gets all answers.

  $ start ./04-patient-loop 0 --read-timeout 0; memory | grep VmRSS
  listening on 127\.0\.0\.1:\d+ (re)
  VmRSS: \d{4} (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 5 head -c 200M /dev/zero >&5
  [124]
  $ memory | grep VmRSS
  VmRSS: \d{4} (re)
  $ ss -tn state established sport = :$port | awk '{print $1, $2}'
  Recv-Q Send-Q
  [1-9]\d+ [1-9]\d+ (re)
  $ ss -tn state established dport = :$port | awk '{print $1, $2}'
  Recv-Q Send-Q
  [1-9]\d+ [1-9]\d+ (re)
  $ timeout --foreground 3 cat <&5 | wc -c
  [1-9]\d+ (re)
  $ stop

Without the line that sends what is held before anything is received, the server grows by all of it.

  $ without 'held.empty()) return send_held' 04-patient-loop && start ./without 0 --read-timeout 0
  - if (!client.held.empty()) return send_held(client);
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 5 head -c 200M /dev/zero >&5
  $ memory | grep VmRSS; stop
  VmRSS: \d{5,} (re)
