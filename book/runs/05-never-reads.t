  $ . "$ROOT/tools/shell.sh"

A client sends 200 MiB and reads nothing; what the server has of it fits into a few pages. Whether
its end is worth a line in the log depends on where its last message was cut.

  $ start part3 2> log; memory | grep VmRSS
  listening on 127\.0\.0\.1:\d+ (re)
  VmRSS: \d{4} (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 5 head -c 200M /dev/zero >&5
  [124]
  $ memory | grep VmRSS
  VmRSS: \d{4} (re)
  $ stop
