  $ cd "$STEPS"

Pipes a, b and c have a byte each, and each wait has room for one event. Level-triggered they
take turns until b is read; edge-triggered each is handed out once.

  $ ./13-ready-list | head -n 1
  level  a b c a b c   b is read: a c a c
  $ ./13-ready-list
  level  a b c a b c   b is read: a c a c
  edge   a b c - - -   b is read: - - - -
