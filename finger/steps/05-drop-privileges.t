Skipped without root, and in a container that does not let root change its user.

  $ cd "$STEPS"

It takes root, and a container that lets root change its user.

  $ if [ "$(id -u)" != 0 ]; then ./05-drop-privileges; exit 80; fi
  $ setpriv --reuid 4001 --clear-groups true || exit 80

With root's rights a client reads what alice has linked into her home. With hers, it
reads what she may read herself. Root does not come back.

  $ ./05-drop-privileges
  root      opens alice/shadow     root's secret
  root again: EPERM
  nobody    opens alice/.plan      EACCES
  as alice, opens alice/.plan      a plan of alice's
  as alice, opens alice/shadow     EACCES
  as alice, opens bob/.plan        EACCES
  as bob,   opens bob/.plan        a plan of bob's
  as who?   opens bob/.plan        EINVAL
