"""An echo server that believes a PROXY header of one peer: python3 e15_2.py PORT TRUSTED"""

import socket
import sys
import threading

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LINE_MAX = 107
SECONDS = 5


def read_header(stream):
    """The client's address and port, or None if the header names none. ValueError if it's bad."""
    begin = stream.read(6)
    if begin == b"PROXY ":
        return client_in_line(stream.readline(LINE_MAX - 6))
    begin += stream.read(10)
    if len(begin) < 16 or begin[:12] != SIGNATURE or begin[12] not in (0x20, 0x21):
        raise ValueError("no header")
    size = int.from_bytes(begin[14:], "big")
    if len(rest := stream.read(size)) < size:
        raise ValueError("a header that is cut short")
    return client_in_bytes(begin[13], rest) if begin[12] == 0x21 else None


def client_in_line(line):
    if not line.endswith(b"\r\n"):
        raise ValueError("a line without an end")
    words = line[:-2].decode("ascii").split(" ")
    if words[0] == "UNKNOWN":
        return None
    family = {"TCP4": socket.AF_INET, "TCP6": socket.AF_INET6}.get(words[0])
    if family is None or len(words) != 5:
        raise ValueError("a line of another kind")
    try:
        for address in words[1:3]:
            socket.inet_pton(family, address)
    except OSError as error:
        raise ValueError("no address") from error
    ports = [int(word) for word in words[3:] if word.isdecimal()]
    if len(ports) < 2 or max(ports) > 65535:
        raise ValueError("no port")
    return words[1], ports[0]


def client_in_bytes(kind, rest):
    if kind >> 4 > 3 or kind & 15 > 2:
        raise ValueError("no such family, or no such transport")
    size = {0x11: 4, 0x21: 16}.get(kind)
    if size is None:
        return None  # of a Unix socket, say
    if len(rest) < 2 * size + 4:
        raise ValueError("no room for addresses")
    family = socket.AF_INET if size == 4 else socket.AF_INET6
    port = int.from_bytes(rest[2 * size:2 * size + 2], "big")
    return socket.inet_ntop(family, rest[:size]), port


def client_of(peer, stream, trusted):
    """The client that asks, which is the peer unless our proxy asks for somebody else."""
    if peer[0] != trusted:
        return peer
    return read_header(stream) or peer


def echo(connection, stream):
    while len(length := stream.read(4)) == 4:
        size = int.from_bytes(length, "little")
        if size > 65536 or len(payload := stream.read(size)) < size:
            return
        connection.sendall(length + payload)


def serve(connection, peer):
    connection.settimeout(SECONDS)
    try:
        with connection, connection.makefile("rb") as stream:
            client = client_of(peer, stream, sys.argv[2])
            print(*client, flush=True)
            echo(connection, stream)
    except (OSError, ValueError):
        pass  # the client was late, left, or sent a bad header


def main():
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
    print("serves", flush=True)
    while True:
        threading.Thread(target=serve, args=listener.accept()).start()


if __name__ == "__main__":
    main()
