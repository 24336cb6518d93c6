"""Becomes a program as systemd would start it: `activate.py SOCKET VARIABLE=VALUE... --
PROGRAM...`. The descriptors to pass arrive over the unix socket SOCKET. See manager.py."""

import os
import socket
import sys

LISTEN_BEGIN = 3
DESCRIPTORS_MAX = 8

if __name__ == "__main__":
    split = sys.argv.index("--")
    path, *variables = sys.argv[1:split]
    with socket.socket(socket.AF_UNIX) as manager:
        manager.connect(path)
        _, passed, _, _ = socket.recv_fds(manager, 1, DESCRIPTORS_MAX)
    aside = [os.dup2(number, 100 + i) for i, number in enumerate(passed)]
    for i, number in enumerate(aside):
        os.dup2(number, LISTEN_BEGIN + i, inheritable=True)
        os.close(number)
    environment = {**os.environ, **dict(variable.split("=", 1) for variable in variables)}
    if passed:
        environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(passed))} | environment
    os.execvpe(sys.argv[split + 1], sys.argv[split + 1 :], environment)
