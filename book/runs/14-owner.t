Skipped where the daemon is not built, without root, where root may not mount or change its user, and
where there is no useradd.

  $ . "$ROOT/tools/shell.sh"
  $ grep -q '^libseccomp_FOUND:INTERNAL=1' "$BUILD/CMakeCache.txt" && [ "$(id -u)" = 0 ] || exit 80
  $ setpriv --reuid 4001 --clear-groups true && command -v useradd > /dev/null || exit 80

The account is made in a copy of /etc and below an empty /home, which only this shell sees, so
nothing is left of it.

  $ cp -a /etc "$CRAMTMP/etc" && unshare --mount true 2> /dev/null || exit 80
  $ exec unshare --mount /bin/bash
  $ mount --bind "$CRAMTMP/etc" /etc && mount -t tmpfs none /home || exit 80
  $ . "$ROOT/tools/shell.sh"

A home that only its owner may enter: her plan is read with her rights, and a hard link to what is
root's leads nowhere.

  $ useradd -mU fingertest && chmod 700 ~fingertest && echo 'Gone fishing.' > ~fingertest/.plan
  $ start finger --addr 127.0.0.1 --group fingertest 2> ~fingertest/log
  listening on 127\.0\.0\.1:\d+ (re)
  $ sleep 1; ps -o user= --pid $pid --ppid $pid
  root
  (nobody|fingerd) (re)
  $ ask 'fingertest\r\n'
  Gone fishing.^M$
  $ echo 'a secret' > ~fingertest/secret; chmod 600 ~fingertest/secret
  $ ln -f ~fingertest/secret ~fingertest/.plan; ask 'fingertest\r\n'
  No Plan.^M$
  $ stop; grep '"' ~fingertest/log | sed 's/.*:[0-9]* //; s/ [0-9.]* ms//'
  "fingertest" answered 15 bytes
  "fingertest" no plan (Permission denied) 10 bytes
  $ rm -r ~fingertest; userdel fingertest
