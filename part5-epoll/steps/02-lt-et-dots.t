  $ cd "$STEPS"

Twenty questions after each byte; a dot is "ready", a low line "nothing".

  $ ./02-lt-et-dots
  level   a byte comes: ....................   a byte comes: ....................
  edge    a byte comes: .___________________   a byte comes: .___________________
