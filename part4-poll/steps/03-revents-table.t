  $ cd "$STEPS"

A row for each thing that the peer did. All three are IN, OUT and RDHUP.

ERR and HUP are reported without being asked for. A close cannot be told from a
half-close. HUP means that both directions are finished. The peer resets by closing with
bytes of ours unread; even then, what it sent before can be read.

  $ ./03-revents-table
  the peer               | asked for nothing    | asked for all three  | then recv gave
  nothing                |                      |    OUT               | EAGAIN
  sends 5                |                      | IN OUT               | 5 bytes | EAGAIN
  sends 5, half-closes   |                      | IN OUT RDHUP         | 5 bytes | end
  sends 5, closes        |                      | IN OUT RDHUP         | 5 bytes | end
  sends 5, resets        |              ERR HUP | IN OUT RDHUP ERR HUP | 5 bytes | Connection reset by peer
  closes, we half-closed |                  HUP | IN OUT RDHUP     HUP | end
