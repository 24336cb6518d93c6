  $ . "$ROOT/tools/shell.sh"

What one sees of each level of the chapter, on our server after it. Who has left inside a message, it
logs, and that is not shown here.

  $ $ROOT/judge --start python ours8 --after 8 > /dev/null

A gigabyte is announced.

  $ start /usr/bin/python3 ours8/echo.py --port 0 --max-message 1073741824 2> /dev/null
  listening on 127\.0\.0\.1:\d+ (re)
  $ memory | grep VmSize
  VmSize: \d{4,6} (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; printf '\0\0\0\100' >&5; sleep 0.5; memory | grep VmSize
  VmSize: \d{4,6} (re)

A stop with megabytes that have arrived, and a byte after it.

  $ start /usr/bin/python3 ours8/echo.py --port 0 2> /dev/null
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; head -c 2000000 /dev/zero >&5
  $ arrived; kill $pid; sleep 0.5; printf x >&5; head -c 2000000 <&5 | wc -c
  2000000
  $ wait $pid; echo "exit status $?"
  exit status 0

A client that takes its answers slowly.

  $ start /usr/bin/python3 ours8/echo.py --port 0 --read-timeout 3s 2> /dev/null
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 1 cat /dev/zero >&5
  [124]
  $ for i in {1..18}; do sleep 0.5; head -c 100000 <&5 > /dev/null; done
  $ ss -tnH sport = :$port | awk '{print $1}'
  ESTAB

The dribbler.

  $ start /usr/bin/python3 ours8/echo.py --port 0 --read-timeout 1s 2> /dev/null
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; for byte in 2 0 0 0 150 151; do printf "\\$byte" >&5; sleep 0.4; done
  $ timeout --foreground 3 wc -c <&5
  0

A client that never reads.

  $ start /usr/bin/python3 ours8/echo.py --port 0 2> /dev/null; memory | grep VmRSS
  listening on 127\.0\.0\.1:\d+ (re)
  VmRSS: \d{4,5} (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 2 cat /dev/zero >&5; memory | grep VmRSS
  VmRSS: \d{4,5} (re)
  $ stop
