"""What the commands say in a log while they install and build."""

import subprocess

from project import ROOT

# A build of four files that takes two seconds, by what the commands build with.
SLOW_BUILD = f"""program=serve; source {ROOT}/tools/lib.sh; log_progress_seconds=1
slow() {{ for n in 1 2 3 4; do echo "[$n/4] file$2"; sleep 0.6; done; return "$1"; }}
quietly "building it" slow "$1" "${{2:-}}"
"""
SILENT = f"""program=read; source {ROOT}/tools/lib.sh; log_progress_seconds=1
quietly "writing it" sleep 2.5
"""


def said_in_a_log(script: str, *words: str) -> list[str]:
    run = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True)
    assert run.returncode == 0
    return run.stderr.splitlines()


def test_a_build_says_in_a_log_now_and_then_how_far_it_is() -> None:
    first, *later = said_in_a_log(SLOW_BUILD, "0")
    assert first == "serve: building it"
    assert later and all(line.startswith("serve: still building it: [") for line in later)


def test_a_log_has_the_beginning_of_a_long_command() -> None:
    later = said_in_a_log(SLOW_BUILD, "0", " -DLONG" * 100)[1:]
    assert later and all(80 < len(line) <= 120 for line in later)


def test_what_says_nothing_is_still_at_it() -> None:
    first, *later = said_in_a_log(SILENT)
    assert first == "read: writing it"
    assert later and set(later) == {"read: still writing it"}


def test_a_build_that_fails_shows_all_it_said() -> None:
    run = subprocess.run(["bash", "-c", SLOW_BUILD, "bash", "3"], capture_output=True, text=True)
    assert run.returncode == 3
    assert run.stderr.splitlines()[-4:] == [f"[{n}/4] file" for n in (1, 2, 3, 4)]
