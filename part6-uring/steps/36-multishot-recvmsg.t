  $ cd "$STEPS"

Two senders, and datagrams of 5, 32, 33, 0, 6 and 7 bytes. The one of 33 is too long for any
buffer here.

  $ ./36-multishot-recvmsg
  broken, 48 bytes a buffer
    from a: 5 of 5 bytes
    from b: 16 of 32 bytes, truncated
    from a: 16 of 33 bytes, truncated
    from b: 0 of 0 bytes
    from b: 6 of 6 bytes
    from a: 7 of 7 bytes
    datagrams: 6, requests: 2
  fixed, 64 bytes a buffer
    from a: 5 of 5 bytes
    from b: 32 of 32 bytes
    from a: 32 of 33 bytes, truncated
    from b: 0 of 0 bytes
    from b: 6 of 6 bytes
    from a: 7 of 7 bytes
    datagrams: 6, requests: 2
