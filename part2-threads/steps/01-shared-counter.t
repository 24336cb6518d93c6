Skipped where ThreadSanitizer finds no room for its memory.

  $ cd "$STEPS"

The plain counter loses a good part of what the four threads count. Without the system call in the
middle, and on one core, it mostly loses nothing, which is worse: a test that looks at the number
proves nothing.

  $ ./01-shared-counter
  counted  800000
  plain    [1-9]\d* (re)
  atomic   800000

  $ for i in {1..50}; do taskset -c 0 ./01-shared-counter quickly; done | grep -c 'plain *800000'
  \d+ (re)

The thread sanitizer does not look at the number. It sees two threads access the same memory
with nothing to order them, and reports that, whatever the number.

  $ ./02-shared-counter-tsan > "$CRAMTMP/out" 2> "$CRAMTMP/report"; status=$?
  $ if grep -q 'FATAL: ThreadSanitizer' "$CRAMTMP/report"; then exit 80; fi
  $ echo $status
  66
  $ ./02-shared-counter-tsan 2>&1 | grep -m 3 -e WARNING -e 'of size'
  WARNING: ThreadSanitizer: data race (pid=*) (glob)
    (Read|Write) of size 8 at 0x[0-9a-f]+ by thread T\d: (re)
    Previous (read|write) of size 8 at 0x[0-9a-f]+ by thread T\d: (re)
