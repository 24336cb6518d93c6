Skipped where the daemon is not built, which needs libseccomp (Debian: libseccomp-dev).

  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP" && chmod a+rx .  # also for the account that root becomes
  $ grep -q '^libseccomp_FOUND:INTERNAL=1' "$BUILD/CMakeCache.txt" || exit 80

What users have put in the place of a plan.

  $ mkdir -p users/{alice,link,fifo,dir/.plan,hard}
  $ printf 'Write a\nserver.\n' > users/alice/.plan
  $ ln -s /etc/passwd users/link/.plan; mkfifo users/fifo/.plan
  $ echo 'a secret' > secret; chmod 600 secret; ln secret users/hard/.plan

There are no owners here, so the hard link leads to what the daemon's user may read. Started as root
it has become nobody, and the secret is root's.

  $ start finger --addr 127.0.0.1 --users users 2> log
  listening on 127\.0\.0\.1:\d+ (re)
  $ for user in link fifo dir hard; do ask "$user\r\n"; done
  No Plan.^M$
  No Plan.^M$
  No Plan.^M$
  (a secret|No Plan\.)\^M\$ (re)
  $ stop

An open of a pipe waits for a writer.

  $ timeout 1 cat users/fifo/.plan; echo $?
  124

A name is swapped, and a descriptor stays with its file.

  $ echo 'a plan' > plan; exec 5< plan
  $ ln -sf secret plan
  $ cat plan /proc/self/fd/5
  a secret
  a plan
  $ exec 5>&-; rm plan

A crowd from one address: with a limit that no crowd reaches, and with its own.

  $ start finger --addr 127.0.0.1 --users users --max-per-ip 1000 2> log
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 100; ss -tnH state established sport = :$port | wc -l
  100
  $ start finger --addr 127.0.0.1 --users users 2> log
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 100; ss -tnH state established sport = :$port | wc -l
  16

All of them.

  $ start finger --addr 127.0.0.1 --users users 2> log
  listening on 127\.0\.0\.1:\d+ (re)
  $ for user in link fifo dir hard alice; do ask "$user\r\n"; done > /dev/null
  $ ask 'x\e[2J\r\n'
  Error: Invalid query^M$
  $ (printf ali; sleep 3) | ncat 127.0.0.1 $port
  Error: Query timeout\r (esc)
  $ crowd 100; stop
  $ grep -E '"|too many' log | sed 's/.*:[0-9]* //; s/ [0-9.]* ms//' | sort | uniq
  "" unexpected EOF 23 bytes
  "ali" query timeout 22 bytes
  "alice" answered 18 bytes
  "dir" no plan (not a regular file) 10 bytes
  "fifo" no plan (not a regular file) 10 bytes
  "hard" (answered|no plan \(Permission denied\)) 10 bytes (re)
  "link" no plan (a symbolic link) 10 bytes
  "x\x1b[2J" invalid query 22 bytes
  too many connections from one address

Which of the two it is.

  $ [[ $(id -u) = 0 ]] && outcome='no plan (Permission denied)' || outcome=answered
  $ grep -qF "\"hard\" $outcome" log
