  $ cd "$STEPS"

Waiting costs no buffer. The third client's bytes find none, and stay in the socket. The
stream of the fourth is cut wherever the buffers ran out, and nothing is missing.

  $ ./11-provided-buffers
  three reads, two buffers, completions: 0
    a: "I am a"
    b: "I am b"
    c: -ENOBUFS
  a's buffer is given back, c's read begins again
    c: "I am c"
  one multishot read, more bytes than buffers
    d: "abcdefgh"
    d: "ijklmnop"
    d: -ENOBUFS
    d: "qrstuvwx"
    d: "yz"
  all of it: abcdefghijklmnopqrstuvwxyz
