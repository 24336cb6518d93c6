  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"
  $ trap 'rm -f waits waits.cc' EXIT

A client asks for eight million bytes, and at first takes its answers slowly, 25,000 bytes five times
a second. The page before has no room to report for three seconds, and hangs up; this one sees that the
client's kernel takes them.

  $ read_slowly() { for i in {1..20}; do sleep 0.2; head -c 25000; done; head -c 7500000; }
  $ slowly() { (head -c 8000000 /dev/zero >&5 &); read_slowly <&5 | wc -c; }
  $ start ./14-epoll-loop 0 --read-timeout 3s; exec 5<>/dev/tcp/127.0.0.1/$port; slowly
  listening on 127\.0\.0\.1:\d+ (re)
  [1-7]\d{6} (re)
  $ start ./19-under-attack 0 --read-timeout 3s; exec 5<>/dev/tcp/127.0.0.1/$port; slowly
  listening on 127\.0\.0\.1:\d+ (re)
  8000000

One that takes nothing is closed.

  $ start ./19-under-attack 0 --read-timeout 1s; exec 5<>/dev/tcp/127.0.0.1/$port; timeout 1 cat /dev/zero >&5
  listening on 127\.0\.0\.1:\d+ (re)
  [124]
  $ sleep 5; ss -tnH state established sport = :$port

A byte now and then is not a message.

  $ start ./19-under-attack 0 --read-timeout 1s
  listening on 127\.0\.0\.1:\d+ (re)
  $ dribble() { for byte in 2 0 0 0 150 151; do printf "\\$byte" >&5; sleep 0.4; done; }
  $ TIMEFORMAT='%R s'; exec 5<>/dev/tcp/127.0.0.1/$port; (dribble &); time wc -c <&5
  0
  (0\.[5-9]|[12]\.)\d+ s (re)
  $ sleep 2

At the limit, the others wait, and places come back.

  $ start ./19-under-attack 0 --max-connections 64; crowd 70
  listening on 127\.0\.0\.1:\d+ (re)
  $ ss -tlnH sport = :$port | awk '{print $2}'
  6
  $ disperse; say_hi; processor_time
  \d?0 ms (re)

A stop, and a byte after it: every answer arrives.

  $ start ./19-under-attack; exec 5<>/dev/tcp/127.0.0.1/$port; head -c 2000000 /dev/zero >&5
  listening on 127\.0\.0\.1:\d+ (re)
  $ while ss -tnH dport = :$port | awk '{print $3}' | grep -q '[1-9]'; do sleep 0.1; done
  $ kill $pid; sleep 0.5; printf x >&5; head -c 2000000 <&5 | wc -c
  2000000
  $ wait $pid; echo "exit status $?"; exec 5>&-
  exit status 0

A client ends its stream in the middle of a stop, and then it is gone. SIOCOUTQ does not fall any more,
so without the look at TCP_INFO the time for the stop has to end it.

  $ TIMEFORMAT='%R s'
  $ vanish() { python3 -c "
  > import os, socket, time
  > bob = socket.create_connection(('127.0.0.1', $port)); bob.sendall(bytes(2000000)); time.sleep(0.3)
  > os.kill($pid, 15); time.sleep(0.3); bob.shutdown(socket.SHUT_WR); time.sleep(0.2)"; time wait $pid; }
  $ sed 's/info.tcpi_state == TCP_CLOSE/false/' $ROOT/part5-epoll/steps/19-under-attack.cc > waits.cc
  $ g++ -std=c++23 waits.cc -o waits
  $ start ./waits; vanish
  listening on 127\.0\.0\.1:\d+ (re)
  4\.\d+ s (re)
  $ start ./19-under-attack; vanish
  listening on 127\.0\.0\.1:\d+ (re)
  0\.\d+ s (re)

The server is suspended while a message comes in time. The page before hangs up without a look at it.

  $ late() { exec 5<>/dev/tcp/127.0.0.1/$port; sleep 0.1; kill -STOP $pid; sleep 0.2
  >   printf '\2\0\0\0hi' >&5; sleep 2; kill -CONT $pid; head -c 6 <&5 | wc -c; }
  $ start ./14-epoll-loop 0 --read-timeout 1s; late
  listening on 127\.0\.0\.1:\d+ (re)
  0
  $ start ./19-under-attack 0 --read-timeout 1s; late
  listening on 127\.0\.0\.1:\d+ (re)
  6
  $ stop
