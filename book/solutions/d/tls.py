"""TLS beside a loop: an engine between the socket's bytes and the session's, without a socket.

python3 book/solutions/d/tls.py
"""

import ssl


class Tls:
    """One side of a TLS connection. After each call, send the bytes of `to_send`."""

    def __init__(self, context: ssl.SSLContext, server_side: bool) -> None:
        self.received = ssl.MemoryBIO()
        self.to_send = ssl.MemoryBIO()
        self.engine = context.wrap_bio(self.received, self.to_send, server_side)
        self.is_open = False

    def take(self, encrypted: bytes) -> bytes:
        """Takes bytes from the socket, and returns bytes for the session."""
        self.received.write(encrypted)
        plain = b""
        try:
            if not self.is_open:
                self.engine.do_handshake()
                self.is_open = True
            while piece := self.engine.read(65536):  # everything: no event reports a rest
                plain += piece
        except ssl.SSLWantReadError:
            pass  # more bytes are needed, and perhaps some must be sent first
        return plain

    def give(self, plain: bytes) -> None:
        """Takes bytes that the session wants to send."""
        self.engine.write(plain)


def without_certificate(protocol: int) -> ssl.SSLContext:
    """For a try in one process. Encrypts, but authenticates nobody."""
    context = ssl.SSLContext(protocol)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AECDH-AES256-SHA:@SECLEVEL=0")
    return context


def main() -> None:
    client = Tls(without_certificate(ssl.PROTOCOL_TLS_CLIENT), server_side=False)
    server = Tls(without_certificate(ssl.PROTOCOL_TLS_SERVER), server_side=True)
    on_its_way = b""
    for name, side in (("client", client), ("server", server)) * 2:
        side.take(on_its_way)
        on_its_way = side.to_send.read()
        state = "is open," if side.is_open else "wants to read,"
        print(f"{name} {state:14} and has {len(on_its_way)} bytes to send")
    client.take(on_its_way)
    for message in b"\1\0\0\0a", b"\1\0\0\0b":
        client.give(message)
    encrypted = client.to_send.read()
    plain = server.take(encrypted)
    print(f"two messages: {len(encrypted)} bytes come, and the session has {len(plain)}")


if __name__ == "__main__":
    main()
