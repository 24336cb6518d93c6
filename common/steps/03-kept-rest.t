Two messages in one read are two messages, and one message in two reads is one. So are three
messages, in whichever way they are cut. But the decoder has no limit: it keeps what comes, whatever
a length announces.

  $ cd "$STEPS"

  $ printf '\5\0\0\0hello\3\0\0\0you' | ./03-kept-rest
  read 16: "hello" "you", kept 0
  $ (printf '\5\0\0\0he'; sleep 1; printf 'llo') | ./03-kept-rest
  read 6:, kept 6
  read 3: "hello", kept 0
  $ ./03-kept-rest cuts
  right in 65536 of 65536 ways to cut it
  $ (printf '\377\377\377\377'; head -c 100M /dev/zero) | ./03-kept-rest | tail -n 1 | grep -o 'kept .*'
  kept 104857604
