"""All experiments, in the order of the book."""

from __future__ import annotations

from collections.abc import Callable

from measures import (attacks, budgets, conversation, counts, daemons, idle, ladder, oracle, peers,
                      variants)
from measures.experiment import Experiment, Grid, Measurement, Setting

# Those that share their rounds; all others have one name, their function's.
TOGETHER: dict[Callable[[Setting], Grid | Measurement], tuple[str, ...]] = {
    ladder.sweep: ("m5_1", "m6_1"),
    ladder.ladder: ("m11_3", "m15_1"),
    budgets.peers: ("counted", "m10_3", "peers", "budgets"),
}
EXPERIMENTS = tuple(
    Experiment(TOGETHER.get(plan, (plan.__name__,)), plan) for plan in (
        variants.m1_1, ladder.m2_1, idle.m2_2, idle.m3_1, idle.m4_1, counts.m4_2, ladder.sweep,
        variants.m6_2, attacks.m7_1, attacks.m7_2, peers.m8_1, counts.m8_2, peers.m8_3,
        counts.m9_1, variants.m9_2, counts.m10_1, counts.m10_2, budgets.peers, idle.m11_1,
        peers.m11_2, ladder.ladder, daemons.m12_1, daemons.m13_1, oracle.m13_2, daemons.m13_3,
        variants.m14_1, idle.memory, ladder.idle, ladder.rates, ladder.m15_2, variants.m15_3,
        daemons.m16_1, ladder.m16_3, peers.features, daemons.finger, peers.ceiling,
        conversation.conversation))
NAMES = [name for experiment in EXPERIMENTS for name in experiment.names]
