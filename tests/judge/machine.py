"""What the tests need of the machine, whatever server they test."""

import socket
import tempfile
from pathlib import Path


def what_it_lacks() -> str:
    """What's missing here and how to get it, or ""."""
    if not Path("/proc/self/status").exists():
        return "there is no /proc, which the tests look into. As root: mount -t proc proc /proc"
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        return "no directory for temporary files can be written: TMPDIR names another one"
    try:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            socket.create_connection(listener.getsockname(), timeout=5).close()
    except OSError as error:
        return f"nobody can connect to 127.0.0.1 ({error.strerror}). As root: ip link set lo up"
    return ""
