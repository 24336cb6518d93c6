"""All experiments, in the order of the book."""

from collections.abc import Callable

from measures import attacks, budgets, counts, idle, reads, restarts, sizes, timings
from measures.experiment import Experiment, Grid, Measurement, Setting

# Experiments of several names, in the same rounds. Any other has only the name of its function.
TOGETHER: dict[Callable[[Setting], Grid | Measurement], tuple[str, ...]] = {
    timings.sweep: ("m6_1", "m7_1"),
}
EXPERIMENTS = tuple(
    Experiment(TOGETHER.get(plan, (plan.__name__,)), plan) for plan in (
        idle.m5_1, counts.m5_2, timings.sweep, attacks.m8_2, timings.m9_3, counts.m10_1,
        reads.m10_2, budgets.m10_3, counts.m11_1, budgets.counted, budgets.budgets,
        sizes.sizes, restarts.m15_1, timings.m16_1, timings.m16_2))
NAMES = [name for experiment in EXPERIMENTS for name in experiment.names]
