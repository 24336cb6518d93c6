  $ cd "$STEPS"

The flag stays set while the kernel keeps something. A program that looks only into the
ring has eight of twelve, and never gets more. Both calls bring the other four, in
order. Nothing is lost. But three clients of a multishot accept wait for a request that has ended.

  $ ./04-cq-overflow
  broken: looks into the ring
    submitted       in the ring 8, flag set, lost 0
    taking          1 2 3 4 5 6 7 8
    taken           in the ring 0, flag set, lost 0
  fixed: io_uring_get_events
    submitted       in the ring 8, flag set, lost 0
    taking          1 2 3 4 5 6 7 8
    taken           in the ring 0, flag set, lost 0
    kernel entered  in the ring 4, flag clear, lost 0
    taking          9 10 11 12
    taken           in the ring 0, flag clear, lost 0
  fixed: io_uring_peek_cqe
    submitted       in the ring 8, flag set, lost 0
    taking          1 2 3 4 5 6 7 8
    taken           in the ring 0, flag set, lost 0
    kernel entered  in the ring 4, flag clear, lost 0
    taking          9 10 11 12
    taken           in the ring 0, flag clear, lost 0
  one multishot accept, 12 clients
    8 accepted, more to follow
    1 accepted, no more to follow
