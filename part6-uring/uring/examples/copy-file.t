  $ head -c 1000000 /dev/urandom > from
  $ "$EXAMPLES/copy-file" from to
  $ cmp from to
  $ "$EXAMPLES/copy-file" missing to
  No such file or directory
  [1]
