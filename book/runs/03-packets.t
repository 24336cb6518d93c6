Skipped where there is no tcpdump (Debian: tcpdump), or where this user may not look at packets.

  $ [ "$(id -u)" = 0 ] && tcpdump -D 2> /dev/null | grep -q '\.lo ' || exit 80
  $ . "$ROOT/tools/shell.sh"
  $ cd "$CRAMTMP"
  $ start "$BUILD/part1-blocking/steps/05-closes-at-once"
  listening on 127\.0\.0\.1:\d+ (re)

A client that sends after the server has closed: a handshake, the server's end, six bytes, and a
reset. Acknowledgements alone are left out: the kernel sends as many as it likes.

  $ late() { cat <&5; echo hello >&5; } 5<>/dev/tcp/127.0.0.1/$port
  $ packets_while late | grep -v '\[\.\]'
  IP 127\.0\.0\.1\.\d+ > 127\.0\.0\.1\.\d+: Flags \[S\], length 0 (re)
  IP 127\.0\.0\.1\.\d+ > 127\.0\.0\.1\.\d+: Flags \[S\.\], length 0 (re)
  IP 127\.0\.0\.1\.\d+ > 127\.0\.0\.1\.\d+: Flags \[F\.\], length 0 (re)
  IP 127\.0\.0\.1\.\d+ > 127\.0\.0\.1\.\d+: Flags \[P\.\], length 6 (re)
  IP 127\.0\.0\.1\.\d+ > 127\.0\.0\.1\.\d+: Flags \[R\], length 0 (re)
  $ stop
