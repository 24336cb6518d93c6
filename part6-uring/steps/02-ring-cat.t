  $ cd "$STEPS"

108894 bytes are 26 blocks and a short one: seven batches of four, and one more that
finds the end after the short block.

  $ seq 20000 > "$CRAMTMP/file"
  $ ./02-ring-cat "$CRAMTMP/file" > "$CRAMTMP/copy"
  waits: 8
  $ cmp "$CRAMTMP/file" "$CRAMTMP/copy"

A pipe returns short reads, and none of them is the end.

  $ (echo one; sleep 0.1; cat "$CRAMTMP/file") | ./02-ring-cat 2> /dev/null > "$CRAMTMP/copy"
  $ (echo one; cat "$CRAMTMP/file") | cmp - "$CRAMTMP/copy"

Standard input begins where the shell left it. An empty file is at its end.

  $ (read -r first; ./02-ring-cat) < "$CRAMTMP/file" > "$CRAMTMP/copy"
  waits: 8
  $ (echo 1; cat "$CRAMTMP/copy") | cmp "$CRAMTMP/file" -
  $ ./02-ring-cat /dev/null
  waits: 1

The error of a call is in errno, that of a read through the ring in its completion.

  $ ./02-ring-cat "$CRAMTMP/none"
  */none: No such file or directory (glob)
  [1]
  $ ./02-ring-cat /
  read: Is a directory
  [1]
