"""The moment of the ready line, and a wall clock that somebody sets."""

import shutil
import subprocess
from pathlib import Path

import pytest

import rules
from harness.frames import frame
from harness.needed import need_program
from harness.proc import wait_until
from harness.server import Start
from harness.strace import from_start
from harness.target import Target

DELAY_MICROSECONDS = 300_000
SANITIZERS = (b"__asan_init", b"__tsan_init")

# Stands between a program and the C library: once the file exists, it is an hour later.
SET_CLOCK = """
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec* time) {
  const long result = syscall(SYS_clock_gettime, clock, time);
  const char* file = getenv("CLOCK_IS_SET");
  if (clock == CLOCK_REALTIME && file != NULL && access(file, F_OK) == 0) time->tv_sec += 3600;
  return (int)result;
}
"""


@pytest.mark.needs("ready-line")
@pytest.mark.rule(rules.READY_LINE)
def test_nobody_is_refused_after_the_ready_line(start: Start, tmp_path: Path) -> None:
    # listen(2) is made to take its time. A ready line that comes before it is a lie for so long.
    log = tmp_path / "trace"
    delay = f"inject=listen:delay_enter={DELAY_MICROSECONDS}"
    server = start(under=from_start(log, "-e", "trace=listen", "-e", delay))
    with server.connect() as client:
        client.echo(b"the first")
    happened = wait_until(lambda: "(DELAYED)" in log.read_text(), server.patience)
    assert happened, "nothing was delayed: this test tested nothing"


@pytest.fixture
def set_clock(tmp_path: Path) -> Path:
    """The library that sets the clock, built from the source above."""
    compiler = need_program("cc")
    source, library = tmp_path / "set_clock.c", tmp_path / "set_clock.so"
    source.write_text(SET_CLOCK)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    return library


@pytest.mark.needs("read-timeout")
@pytest.mark.rule(rules.READ_TIMEOUT)
def test_a_wall_clock_that_is_set_closes_nobody(
    start: Start,
    target: Target,
    set_clock: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = shutil.which(target.command[0])
    if program is not None and any(name in Path(program).read_bytes() for name in SANITIZERS):
        pytest.skip("a sanitizer wants to be the first library that is loaded")
    file = tmp_path / "an hour later"
    monkeypatch.setenv("LD_PRELOAD", str(set_clock))
    monkeypatch.setenv("CLOCK_IS_SET", str(file))
    server = start("--read-timeout", "10m")
    loaded = Path(f"/proc/{server.pid}/maps").read_text()
    assert str(set_clock) in loaded, "the library was not loaded: this test would test nothing"
    client = server.connect()
    message = frame(b"in three pieces")
    client.send_in_pieces(message[:5])
    file.touch()
    client.send_in_pieces(message[5:6])  # wakes the server: what does its clock say now?
    client.expect_silence(0.3)
    client.send(message[6:])
    client.expect(b"in three pieces")
