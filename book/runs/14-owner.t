Skipped where the daemon is not built, without root, and where root may not mount or change its user.

  $ . "$ROOT/tools/shell.sh"
  $ [ -x "$BUILD/finger/fingerd" ] && [ "$(id -u)" = 0 ] || exit 80
  $ setpriv --reuid 4001 --clear-groups true || exit 80

The account is made in a copy of /etc and below an empty /home, which only this shell sees, so
nothing is left of it.

  $ cp -a /etc "$CRAMTMP/etc" && unshare --mount true 2> /dev/null || exit 80
  $ exec unshare --mount /bin/bash
  $ mount --bind "$CRAMTMP/etc" /etc && mount -t tmpfs none /home || exit 80
  $ . "$ROOT/tools/shell.sh"

A home that only its owner may enter: her plan is read with her rights, and a hard link to what is
root's leads nowhere.

  $ useradd -mU hard; chmod 700 ~hard; echo 'Gone fishing.' > ~hard/.plan
  $ start finger --addr 127.0.0.1 --group hard 2> ~hard/log
  listening on 127\.0\.0\.1:\d+ (re)
  $ ask 'hard\r\n'
  Gone fishing.^M$
  $ echo 'a secret' > ~hard/secret; chmod 600 ~hard/secret
  $ ln -f ~hard/secret ~hard/.plan; ask 'hard\r\n'
  No Plan.^M$
  $ stop; sed 's/.*:[0-9]* //; s/ [0-9.]* ms//' ~hard/log
  "hard" answered 15 bytes
  "hard" no plan (Permission denied) 10 bytes
  $ rm -r ~hard; userdel hard
