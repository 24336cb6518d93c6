  $ cd "$STEPS"

A proxy is believed, and a stranger is not.

  $ ./04-proxy-header
  v1                         44 bytes, then hi, from 192.0.2.7 51000
  v1, IPv6                   45 bytes, then hi, from 2001:db8::7 51000
  v1, it does not know       15 bytes, then hi, from the peer itself
  v2                         28 bytes, then hi, from 192.0.2.7 51000
  v2, IPv6                   52 bytes, then hi, from 2001:db8::7 51000
  v2, a health check         16 bytes, then hi, from the peer itself
  v2, a Unix socket          232 bytes, then hi, from the peer itself
  v2, half of it             more is needed
  v2, room for no address    refused
  v2, a family of 4          refused
  v1, without an end         refused
  v1, port 65536             refused
  none                       refused
  the proxy says so:  192.0.2.7 51000
  half of a header:   not known yet
  a stranger says so: 203.0.113.9

The broken form believes both.

  $ ./04-proxy-header trusting | tail -n 1
  a stranger says so: 192.0.2.7 51000
