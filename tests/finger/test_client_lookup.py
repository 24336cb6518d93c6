"""finger/finger: the name of the host, where the resolver is slow."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from client_program import finger, program  # noqa: F401

# In a network of its own, whose only name server listens and never answers.
INSIDE = """
import json, socket, subprocess, sys, time
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
begin = time.monotonic()
run = subprocess.run(sys.argv[1:], capture_output=True, text=True)
print(json.dumps([run.returncode, run.stdout, run.stderr, time.monotonic() - begin]))
server.setblocking(False)
assert server.recv(512), "nobody asked"
"""


@pytest.mark.clock
def test_a_resolver_that_says_nothing_is_left_in_time(finger, tmp_path: Path) -> None:
    """getaddrinfo(3) alone would take ten seconds and more, and nothing can interrupt it."""
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    (tmp_path / "nsswitch.conf").write_text("hosts: files dns\n")
    files = ("resolv.conf", "nsswitch.conf")
    mounts = (f"mount --bind {tmp_path / name} /etc/{name}" for name in files)
    script = " && ".join(["ip link set lo up", *mounts, 'exec "$@"'])
    before = ["unshare", "--user", "--map-root-user", "--mount", "--net", "sh", "-c", script, "sh"]
    tried = subprocess.run([*before, "true"], capture_output=True, text=True)
    if tried.returncode != 0:
        pytest.skip(f"no namespaces here: {tried.stderr.strip()}")

    words = finger("alice@host.example", "--timeout", "500ms").words
    inside = [*before, sys.executable, "-c", INSIDE, *words]
    run = subprocess.run(inside, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    status, stdout, stderr, seconds = json.loads(run.stdout)
    assert (status, stdout) == (1, "")
    assert stderr == "finger: host.example: the name was not resolved in time\n"
    assert 0.5 <= seconds < 3
