The tests against a server that somebody else wrote: cat(1), behind ncat.

  $ cd "$ROOT"
  $ ./judge 'ncat -k -l 127.0.0.1 {port} -e /bin/cat' -k 8-bytes-missing > "$CRAMTMP/out" 2>&1
  [1]
  $ sed -n '/ContractBroken/,/Explained/p' "$CRAMTMP/out"
  E   harness.verdict.ContractBroken: nothing was due yet, but 1 byte: 05 |.| came
  ----------------------- what was sent and what came back -----------------------
  client 1:
    sent 1 byte: 05 |.|
    got  1 byte: 05 |.|
  ----------------------------------- the rule -----------------------------------
  A message is not answered before it is complete.
  Explained in book/01-bytes.md
