Skipped where the daemon is not built, without root, where root may not change its user, where strace
may not trace, and where the kernel has no Landlock.

  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP"
  $ grep -q '^libseccomp_FOUND:INTERNAL=1' "$BUILD/CMakeCache.txt" && [ "$(id -u)" = 0 ] && getent group games > /dev/null || exit 80
  $ setpriv --reuid 4001 --clear-groups true && strace -qq -o calls true || exit 80
  $ "$BUILD/finger/fingerd" --check-config --group games 2>&1 | grep -q 'no Landlock' && exit 80
  [1]

The walls go up in an order in which each holds for all that comes after it.

  $ names=openat,landlock_restrict_self,io_uring_setup,io_uring_register,setresuid
  $ fingerd="$BUILD/finger/fingerd --addr 127.0.0.1 --group games"
  $ strace -fqq -o calls -e trace=$names $fingerd --check-config
  would serve at 127\.0\.0\.1:79.* 1 user (re)
  $ walls='landlock_restrict_self|io_uring_setup|REGISTER_(PERS|RESTR|ENABLE)[A-Z_]*|setresuid.*'
  $ grep -oE "/etc/group|$walls" calls | uniq | grep -n .
  1:landlock_restrict_self
  2:/etc/group
  3:io_uring_setup
  4:landlock_restrict_self
  5:setresuid\(\d+, 5, 0\) += 0 (re)
  6:REGISTER_PERSONALITY
  7:setresuid\(\d+, 0, 0\) += 0 (re)
  8:REGISTER_RESTRICTIONS
  9:REGISTER_ENABLE_RINGS
  10:setresuid\((\d+), \1, \1\) += 0 (re)
  11:setresuid\(0, 0, 0\) += -1 EPERM \(Operation not permitted\) (re)
