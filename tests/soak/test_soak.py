"""The soak finds what only time shows, and finds nothing of the kind in our servers.

What runs servers takes minutes and is marked `long`.
"""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import soak  # noqa: E402
from harness.subject import DEFAULT_BUILD  # noqa: E402
from judge import Report, Sample, complaints  # noqa: E402
from servers import Part5  # noqa: E402

HERE = Path(__file__).resolve().parent


def flat(count: int = 40) -> list[Sample]:
    return [Sample(number, 1000 + number % 7, 30 + number % 3, 1.0, 5.0) for number in range(count)]


def of(samples: list[Sample], **more: object) -> list[str]:
    return complaints(Report(samples, Counter(answered=1), **more))  # type: ignore[arg-type]


def changed(**last: float) -> list[Sample]:
    """The second half is different."""
    return flat(20) + [Sample(**{**vars(sample), **last}) for sample in flat(20)]


def test_what_stays_as_it_is_is_no_complaint() -> None:
    assert of(flat(), at_rest={"descriptors": (9, 9)}) == []


def test_what_happens_while_a_server_warms_up_is_no_complaint() -> None:
    first = [Sample(number, 100.0, 5, 1.0, 1.0) for number in range(10)]
    assert of([*first, *flat(30)]) == []


@pytest.mark.parametrize("last, word", [
    ({"memory_kib": 2000.0}, "memory"), ({"descriptors": 50}, "descriptors"),
    ({"p50_ms": 200.0}, "p50")])
def test_growth_is_told(last: dict[str, float], word: str) -> None:
    (complaint,) = of(changed(**last))
    assert word in complaint


def test_what_is_left_at_rest_is_told_whatever_the_samples_say() -> None:
    (complaint,) = of(flat(), at_rest={"descriptors": (9, 10)})
    assert complaint.startswith("10 descriptors at the end")


def test_a_lost_answer_a_bad_end_and_silence_are_told() -> None:
    assert len(of(flat(), lost=["good: too short"], failures=["exit status 1"])) == 2
    assert complaints(Report(flat())) == ["nothing was answered"]


def test_too_short_a_look_is_no_verdict() -> None:
    (complaint,) = of(flat(5))
    assert "too few" in complaint


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_stop_and_a_start_are_found(monkeypatch) -> None:
    class Restarted(Part5):
        disturbed_every = 3.0

        def disturb_now(self) -> None:
            self.server.stop()
            self.server = self.launch(self.server.address[1])

    if why := Restarted.missing(DEFAULT_BUILD):
        pytest.skip(why)
    monkeypatch.setitem(soak.SERVERS, "restarted", Restarted)
    running = soak.soak(DEFAULT_BUILD, ["restarted"], 15.0)["restarted"]
    assert any("cannot connect" in what for what in complaints(running.report))


@pytest.mark.long
@pytest.mark.timeout(400)
def test_two_minutes_among_clients_of_every_kind() -> None:
    words = [sys.executable, HERE / "soak.py", "--minutes", "2"]
    run = subprocess.run(words, capture_output=True, text=True)
    print(run.stdout)
    assert run.returncode == 0, run.stdout + run.stderr
