  $ . "$ROOT/tools/shell.sh"

  $ start part5
  listening on 127\.0\.0\.1:\d+ (re)

Half a million messages have arrived when a client's Send-Q is 0. It reads no answer before the stop,
and sends a byte after it: a server with both directions shut down would reset the answers away.

  $ exec 5<>/dev/tcp/127.0.0.1/$port; head -c 2000000 /dev/zero >&5
  $ while ss -tnH dport = :$port | awk '{print $3}' | grep -q '[1-9]'; do sleep 0.1; done
  $ kill $pid; sleep 0.5; printf x >&5; head -c 2000000 <&5 | wc -c
  2000000
  $ wait $pid; echo "exit status $?"
  exit status 0
