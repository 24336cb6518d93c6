  $ cd "$STEPS"

A wait is for four reads of 4 KiB: seven for 108,894 bytes, and one that finds the end.

  $ seq 20000 > "$CRAMTMP/file"
  $ ./03-liburing-cat "$CRAMTMP/file" > "$CRAMTMP/copy"
  waits: 8
  $ cmp "$CRAMTMP/file" "$CRAMTMP/copy"
  $ (echo one; sleep 0.1; cat "$CRAMTMP/file") | ./03-liburing-cat 2> /dev/null > "$CRAMTMP/copy"
  $ (echo one; cat "$CRAMTMP/file") | cmp - "$CRAMTMP/copy"
  $ (read -r first; ./03-liburing-cat) < "$CRAMTMP/file" > "$CRAMTMP/copy"
  waits: 8
  $ (echo 1; cat "$CRAMTMP/copy") | cmp "$CRAMTMP/file" -
  $ ./03-liburing-cat /
  read: Is a directory
  [1]
