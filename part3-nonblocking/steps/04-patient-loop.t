Skipped where strace is missing or not permitted.

  $ strace -o /dev/null true || exit 80
  $ . "$ROOT/tools/shell.sh"
  $ ln -s "$STEPS/04-patient-loop" "$CRAMTMP"; cd "$CRAMTMP"  # where it writes the calls

A message arrives in two halves: nothing is sent until the second is there.

  $ start ./04-patient-loop
  listening on 127\.0\.0\.1:\d+ (re)
  $ bob() { printf '\2\0\0\0h' >&5; sleep 1; printf 'i' >&5; }
  $ exec 5<>/dev/tcp/127.0.0.1/$port; calls_while bob; grep '(4, "' calls
  recvfrom(4, "\2\0\0\0h", 65540, 0, NULL, NULL) = 5
  recvfrom\(4, "i", 65540, 0, NULL, NULL\) += 1 (re)
  sendto(4, "\2\0\0\0hi", 6, MSG_NOSIGNAL, NULL, 0) = 6

Two clients have sent much while the server was suspended. If it was suspended between the receive
for the one and that for the other, the second comes first.

  $ start ./04-patient-loop
  listening on 127\.0\.0\.1:\d+ (re)
  $ turns() { crowd 2; kill -STOP $pid; for c in "${clients[@]}"; do head -c 300000 /dev/zero >&$c; done
  >   calls_while kill -CONT $pid; grep ' = [1-9]' calls | grep -o 'recvfrom([0-9]*' | uniq -c | head -n 4; }
  $ turns
  \s+1 recvfrom\([45] (re)
  \s+1 recvfrom\([45] (re)
  \s+1 recvfrom\([45] (re)
  \s+1 recvfrom\([45] (re)
  $ stop

Each of 200 clients sends a message of 64 KiB, gets its answer, and says no more. Without two lines
its strings, which are empty, keep the memory.

  $ long() { printf '\0\0\1\0'; head -c 65536 /dev/zero; }
  $ large() { for c in "${clients[@]}"; do long >&$c; head -c 65540 <&$c > /dev/null; done; }
  $ without shrink_to_fit 04-patient-loop && start ./without; crowd 200; large; memory | grep VmRSS
  - if (in.empty()) in.shrink_to_fit();  // an empty string keeps its memory
  - if (client.held.empty()) client.held.shrink_to_fit();
  listening on 127\.0\.0\.1:\d+ (re)
  VmRSS: \d{5} (re)
  $ start ./04-patient-loop; crowd 200; large; memory | grep VmRSS
  listening on 127\.0\.0\.1:\d+ (re)
  VmRSS: \d{4} (re)
  $ stop

When one leaves, the other stays. The good message before a length that is too long is answered.

  $ start ./04-patient-loop; crowd 3
  listening on 127\.0\.0\.1:\d+ (re)
  $ exec {clients[0]}>&-; clients=("${clients[@]:1}"); say_hi; disperse
  $ printf '\2\0\0\0hi\377\377\377\377' | ncat 127.0.0.1 $port | xxd
  00000000: 0200 0000 6869                           ....hi

A client asks and asks, reads nothing for a second, and then gets every answer.

  $ exec 5<>/dev/tcp/127.0.0.1/$port; timeout 1 head -c 200M /dev/zero >&5
  [124]
  $ timeout --foreground 2 cat <&5 | wc -c
  [1-9]\d+ (re)
  $ stop
