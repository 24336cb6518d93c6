  $ cd "$STEPS"

Three connections with a timeout of 60 s. The one that completes a message moves to the
end; the one that dribbles a byte stays where it is, and is closed on time. The list is
never sorted and always in order.

  $ ./08-deadline-list
    2 s  a, b, c have connected             due  a at 60  b at 61  c at 62
   10 s  a completes a message              due  b at 61  c at 62  a at 70
   50 s  b sends one byte of a message      due  b at 61  c at 62  a at 70
   61 s  close_overdue()                    due  c at 62  a at 70
   62 s  close_overdue()                    due  a at 70
   70 s  close_overdue()                    due  nobody
