  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"

The server runs in the background on a port of the kernel's choice. Its output waits at descriptor
4.

  $ start ./01-accept-print
  listening on 127\.0\.0\.1:\d+ (re)

The first client writes one line. The second and the third connect while the server still waits for
the first to go on; the second one writes twice.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ exec 6<>/dev/tcp/127.0.0.1/$port; printf 'one,' >&6; printf 'two' >&6; exec 6>&-
  $ echo 'the quick brown fox jumps over the lazy dog' >&5; exec 5>&-
  $ printf 'bye' | ncat 127.0.0.1 $port

One write became three reads, two writes became one. ncat returned when the server had closed its
connection, so everything above is printed by now.

  $ kill $pid; wait $pid
  [143]
  $ cat <&4
  a client
    read 16: "the quick brown "
    read 16: "fox jumps over t"
    read 12: "he lazy dog\012"
  a client
    read  7: "one,two"
  a client
    read  3: "bye"
