  $ cd "$STEPS"

A file, a name that leads nowhere, and a device: only a look before the read shows that
the last is not a file.

  $ ln -s "$PWD/03-open-read-close" "$CRAMTMP"; cd "$CRAMTMP"
  $ printf 'Write a\nserver.\n' > plan
  $ ./03-open-read-close plan nowhere /dev/zero
  plan
      open, read 16, close 0
        waits: 3
      open 0, read 16, close 0
        waits: 1
  nowhere
      open -ENOENT
        waits: 1
      open -ENOENT, read -ECANCELED, close -ECANCELED
        waits: 1
  /dev/zero
      open, not a regular file, close 0
        waits: 2
      open 0, read 32, close 0
        waits: 1
