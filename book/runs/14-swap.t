Skipped where the daemon is not built, which needs libseccomp (Debian: libseccomp-dev).

  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP" && chmod a+rx .  # also for the account that root becomes
  $ grep -q '^libseccomp_FOUND:INTERNAL=1' "$BUILD/CMakeCache.txt" || exit 80
  $ mkdir users; echo 'a secret' > secret

Somebody swaps her plan for a link all the time. Who asks about a name and then opens the name is
fooled sooner or later; the daemon sees one or the other, and never the secret. The loop ends when
what it links is gone.

  $ mkdir -p users/mallory; echo 'a plan' > users/mallory/draft; plan=users/mallory/.plan
  $ (while ln -f users/mallory/draft $plan && ln -sf ../../secret $plan; do :; done 2> /dev/null &)
  $ until [ ! -L $plan ] && grep -s secret $plan; do :; done
  a secret
  $ start finger --addr 127.0.0.1 --users users 2> /dev/null
  listening on 127\.0\.0\.1:\d+ (re)
  $ for try in {1..20}; do ask 'mallory\r\n'; done | sort | uniq -c
   +\d+ No Plan\.\^M\$ (re)
   +\d+ a plan\^M\$ (re)
  $ rm users/mallory/draft; stop
