"""Messages of 64 bytes to 64 KiB, the default of --max-message, for the stages, and for peers with
buffers of the same size."""

from dataclasses import replace

from contenders import ALL_STAGES, PART1, PART3, PLAIN, RING_BY_HAND, Contender
from harness.strace import Strace
from measures.cells import Cell, exactly, ratio, timed, words
from measures.experiment import Measurement, Setting, Table, can_trace, each, table
from rounds import Results
from workloads import Echo, Numbers, by_size

PEERS = tuple(map(Contender.of_words, (PLAIN, "peer-libuv", "peer-asio", RING_BY_HAND.name)))
ALONE = [it for it in (*ALL_STAGES, *PEERS) if it.name in (PART1, PLAIN)]
CROWDED = [it for it in (*ALL_STAGES, *PEERS) if it.name != PART1]
MIB = 1024 * 1024
TRACED = "traced: "  # before a load, for the run whose calls are counted


def sized(load: Echo, server: Contender, setting: Setting) -> Numbers:
    """Measures one round. The first crowd doesn't count, since the server allocates buffers for
    it."""
    seconds = setting.effort.seconds / 2
    with server.running(setting.build) as running:
        load.load(setting.build, running.address[1], running.pid, seconds / 4)
        before = running.process.minor_faults()
        found = load.load(setting.build, running.address[1], running.pid, seconds)
        faults = running.process.minor_faults() - before
        peak = running.process.peak_memory_bytes()
    return {"cpu_us": found["server_cpu_seconds"] / found["messages"] * 1e6,
            "faults": faults / found["messages"], "peak_mib": peak / MIB}


def calls(load: Echo, server: Contender, setting: Setting) -> Numbers:
    """System calls a message, including those for the connections."""
    seconds = setting.effort.seconds / 2
    with server.running(setting.build, before=()) as running, Strace(running) as tracer:
        found = load.load(setting.build, running.address[1], running.pid, seconds)
    return {"calls": sum(tracer.calls().values()) / found["messages"]}


def calls_of(results: Results, load: str, server: str) -> Cell:
    return words("spins") if server == PART3 else exactly(results, TRACED + load, server, "calls")


def sizes(setting: Setting) -> Measurement:
    served = [(load, servers)
              for crowd, servers in ((1, ALONE), (16, CROWDED), (64, CROWDED))
              for load in setting.fewer(by_size(crowd))]
    jobs = [job for load, servers in served for job in each([load], servers, sized, setting)]
    if can_trace("sizes"):
        jobs += [replace(job, load=TRACED + job.load) for load, servers in served
                 for job in each([load], [it for it in servers if it.name != PART3], calls,
                                 setting, once=True)]

    def tables(results: Results) -> dict[str, Table]:
        rows = [(f"{load.title}: {server.name}", load.name, server.name)
                for load, servers in served for server in servers
                if server.name in results[load.name]]
        return {"sizes": table(
            "What a message costs by its size", results, "message, clients: server", rows,
            {f"server CPU, µs [ratio to {PLAIN}]": ratio("cpu_us", PLAIN),
             "page faults": timed("faults"), "system calls": calls_of,
             "peak memory, MiB": timed("peak_mib")},
            notes=["All but the memory is a message's. The peers echo bytes, with buffers as large "
                   "as the stages'. `strace` counted the calls of one more run."])}

    return Measurement(jobs, tables)
