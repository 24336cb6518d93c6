"""All experiments, in the order of the book."""

from __future__ import annotations

from measures import counts, decoder, http, idle, ladder, peers, silence
from measures.experiment import Experiment

EXPERIMENTS: tuple[Experiment, ...] = (
    decoder.M1_1, ladder.M2_1, silence.M2_2, ladder.M3_1, idle.M4_1, counts.M4_2, ladder.SWEEP,
    http.M8_1, counts.M9_1, counts.M10_2, peers.M10_3, idle.M11_1, ladder.M11_3, ladder.M15_2,
    peers.PEERS, counts.CONVERSATION,
)
NAMES = [name for experiment in EXPERIMENTS for name in experiment.names]
