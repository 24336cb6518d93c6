  $ printf 'one\ntwo\n' > file
  $ "$EXAMPLES/linked-read" file
  one
  requests: 3, system calls: 1
  $ "$EXAMPLES/linked-read" missing
  No such file or directory
  [1]
  $ "$EXAMPLES/linked-read" .
  Is a directory
  [1]
