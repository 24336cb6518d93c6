"""All experiments, in the order of the book."""

from __future__ import annotations

from measures import (attacks, ceiling, counts, daemons, decoder, distance, exchanges, features,
                      frames, http, idle, ladder, matrix, open_loop, oracle, peers, proxied,
                      restarts, silence, spread, threads, under_load, variants)
from measures.experiment import Experiment

EXPERIMENTS: tuple[Experiment, ...] = (
    decoder.M1_1, ladder.M2_1, silence.M2_2, threads.M3_1, idle.M4_1, counts.M4_2, ladder.SWEEP,
    variants.M5_3, variants.M6_2, variants.M6_3, attacks.M7_1, attacks.M7_2, http.M8_1,
    spread.M8_2, spread.M8_3, under_load.M9_0, counts.M9_1, variants.M9_2, frames.M10_1,
    counts.M10_2, peers.PEERS, idle.M11_1, under_load.M11_2, matrix.LADDER, exchanges.M12_1,
    exchanges.M13_1, oracle.M13_2, exchanges.M13_3, variants.M14_1, idle.MEMORY,
    matrix.IDLE_ONES, matrix.RISING, ladder.M15_2, open_loop.OPEN_LOOP,
    restarts.M16_1, proxied.M16_2, distance.M16_3,
    features.FEATURES_OF_A_RING, variants.REQUESTS_OF_A_RING, daemons.FINGER, ceiling.CEILING,
    counts.CONVERSATION,
)
NAMES = [name for experiment in EXPERIMENTS for name in experiment.names]
