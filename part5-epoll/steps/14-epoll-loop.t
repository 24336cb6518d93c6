Skipped where strace is missing or not permitted.

  $ strace -o /dev/null true || exit 80
  $ . "$ROOT/tools/shell.sh"
  $ ln -s "$STEPS/14-epoll-loop" "$CRAMTMP"; cd "$CRAMTMP"  # where it writes the calls
  $ start ./14-epoll-loop
  listening on 127\.0\.0\.1:\d+ (re)

A thousand clients are silent. Of what it has told the kernel the server repeats nothing: a message
is one wait, which names none of them.

  $ crowd 1000; calls_while say_hi
  $ grep -B1 -A1 recvfrom calls
  epoll_wait\(5, \[\{events=EPOLLIN, data=(\{u32=2, u64=2\}|0x2)\}\], 64, \d+\) = 1 (re)
  recvfrom\(6, "\\2\\0\\0\\0hi", 65540, 0, NULL, NULL\) = 6 (re)
  sendto\(6, "\\2\\0\\0\\0hi", 6, MSG_NOSIGNAL, NULL, 0\) = 6 (re)
  $ disperse

At the limit, the others wait.

  $ start ./14-epoll-loop 0 --max-connections 64; crowd 70
  listening on 127\.0\.0\.1:\d+ (re)
  $ ss -tlnH sport = :$port | awk '{print $2}'
  6
  $ disperse; say_hi; processor_time
  \d?0 ms (re)

Without the comparison, what it asks for is told to the kernel after each message.

  $ without 'wanted == std::exchange' 14-epoll-loop
  - if (wanted == std::exchange(client.asked, wanted)) return;
  $ count_calls ./without 0
   +(99|100) epoll_ctl (re)
   +(99|10\d) epoll_wait (re)
   +(99|100) recvfrom (re)
   +(99|100) sendto (re)

A client that says nothing gets a second here, and the end of the stream.

  $ start ./14-epoll-loop 0 --read-timeout 1s
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec 5<>/dev/tcp/127.0.0.1/$port; wc -c <&5
  0
  $ stop
