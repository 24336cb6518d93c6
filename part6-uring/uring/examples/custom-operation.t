  $ touch file
  $ "$EXAMPLES/custom-operation" file
  No data available
  $ "$EXAMPLES/custom-operation" missing
  No such file or directory
