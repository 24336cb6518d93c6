  $ . "$ROOT/tools/shell.sh"
  $ ln -s "$STEPS/01-nop-ring" .

The reader's ring, which reaps nothing yet.

  $ page 01-nop-ring nop
  $ "$ROOT/book/tools/edit.py" nop.cc << 'END'
  >  io_uring_cqe reap(const Ring& ring) {
  > -  return {};  // yours
  > +  const unsigned head = *ring.cq_head;  // ours
  > +  if (head == load(*ring.cq_tail)) {
  > +    std::puts("no completion");
  > +    std::exit(1);
  > +  }
  > +  const io_uring_cqe cqe = ring.cqes[head & ring.cq_mask];
  > +  store(*ring.cq_head, head + 1);  // from here on the kernel may overwrite it
  > +  return cqe;
  >  }
  > END

The ring has a power of two of entries, and twice as many for completions. One NOP is
seen at each of its four steps: we move the tail of the submissions, the kernel moves
their head and the tail of the completions, and we move the head of these. The array
says which sqe it is: number 2, each time. The fifth NOP is at position 0 again, and so is the
ninth completion.

  $ build nop && ./nop
  asked for 3: 4 submissions, mask 3; 8 completions, mask 7
  set up    submissions: head 0 tail 0 array 0 0 0 0   completions: head 0 tail 0
  prepared  submissions: head 0 tail 1 array 2 0 0 0   completions: head 0 tail 0
  entered   submissions: head 1 tail 1 array 2 0 0 0   completions: head 0 tail 1
  nop 1 at position 0, completion at position 0: user_data 101, result 0
  reaped    submissions: head 1 tail 1 array 2 0 0 0   completions: head 1 tail 1
  nop 2 at position 1, completion at position 1: user_data 102, result 0
  nop 3 at position 2, completion at position 2: user_data 103, result 0
  nop 4 at position 3, completion at position 3: user_data 104, result 0
  nop 5 at position 0, completion at position 4: user_data 105, result 0
  nop 6 at position 1, completion at position 5: user_data 106, result 0
  nop 7 at position 2, completion at position 6: user_data 107, result 0
  nop 8 at position 3, completion at position 7: user_data 108, result 0
  nop 9 at position 0, completion at position 0: user_data 109, result 0
  ended     submissions: head 9 tail 9 array 2 2 2 2   completions: head 9 tail 9

If we don't move the completions' head, each look finds the first one, and the ninth completion
finds no room.

  $ without 'cq_head, head' nop
  - store(*ring.cq_head, head + 1);  // from here on the kernel may overwrite it
  $ ./without | tail -n 2
  nop 9 at position 0, completion at position 0: user_data 101, result 0
  ended     submissions: head 9 tail 9 array 2 2 2 2   completions: head 0 tail 8

If we don't move the submissions' tail, the kernel finds nothing to submit.

  $ without 'sq_tail, tail' nop
  - store(*ring.sq_tail, tail + 1);  // a kernel that sees the tail sees the entry
  $ ./without | tail -n 3
  prepared  submissions: head 0 tail 0 array 2 0 0 0   completions: head 0 tail 0
  entered   submissions: head 0 tail 0 array 2 0 0 0   completions: head 0 tail 0
  no completion
