"""Turns strace's output about a server into the moments of the ladder view, with the calls, their
clients, and the state when all was quiet again."""

import itertools
import re
from dataclasses import dataclass
from typing import Any

# epoll_event.data, as strace 6.1 and newer versions write it: 0 or NULL, and hex.
TOKEN = re.compile(r"(?:u64|data)=(0x\w+|\d+|NULL)")
CLIENTS = "ABC"
NEVER_SLEEPS = "part3-nonblocking"
MOMENTS = [
    "A connects and says nothing.",
    "B connects.",
    "B says “hi”.",
    "C connects and says half a message.",
    "For a second, no client says anything.",
    "A and B speak at the same time.",
    "C says the other half.",
    "All leave, one after the other, and the server is stopped.",
]

# Calls that a server makes for its clients. Other calls (memory, signal masks, the log) differ
# between C libraries.
CALLS = ("accept4", "recvfrom", "sendto", "shutdown", "ioctl", "poll", "epoll_wait", "epoll_ctl",
         "io_uring_enter", "clone3", "read", "write", "close", "rt_sigtimedwait")
# Calls that we see and don't keep. setsockopt shows that a thread lives, but runs differ in whether
# they set a time limit again. gettid is called for each event in the ring's trace.
ASIDE = ("setsockopt", "gettid")
SHORT = {"recvfrom": "recv", "sendto": "send", "rt_sigtimedwait": "sigtimedwait",
         "clone3": "clone"}


@dataclass
class Call:
    """A system call, and the place in strace's file where it returned."""

    thread: int
    name: str
    args: str
    result: str
    returned: int


@dataclass
class Run:
    """The results of one run: the calls, the ring's events, and the clients' views."""

    calls: list[Call]
    events: list[dict[str, Any]]
    acts: list[tuple[int, int]]  # strace's position when a client acted, and the moment
    ports: dict[int, str]
    clients: list[dict[str, str]]  # the state of each after each moment


LINE = re.compile(r"^(\d+) +(?:<\.\.\. )?(\w+)(\(| resumed>)(.*)$")
ENDED = re.compile(r"^(.*)\) += (-?\d+.*|\?.*)$")
UNFINISHED = " <unfinished ...>"


def read_calls(text: str) -> list[Call]:
    """The calls, in the order in which they returned."""
    found: list[Call] = []
    begun: dict[str, str] = {}
    position = 0
    for line in text.splitlines(keepends=True):
        position += len(line.encode())
        if (parts := LINE.match(line)) is None:
            continue  # a signal, or an end
        thread, name, how, rest = parts.groups()
        if rest.endswith(UNFINISHED):
            begun[thread] = rest.removesuffix(UNFINISHED)
            continue
        before = begun.pop(thread) if how != "(" else ""
        if ended := ENDED.match(before + rest):  # otherwise the process has ended meanwhile
            found.append(Call(int(thread), name, ended[1], ended[2].strip(), position))
    return found


def result(call: Call) -> int | str:
    if call.result.startswith("?"):
        return "EINTR"  # strace sees the kernel's internal code for a restart
    if call.result.startswith("-1 "):
        return call.result.split()[1]
    # A descriptor or a thread has a number of the kernel's choice.
    return 0 if call.name in ("accept4", "clone3") else int(call.result.split()[0])


def tokens(args: str) -> list[int]:
    """The tokens of the events that strace prints among these arguments."""
    return [0 if token == "NULL" else int(token, 0) for token in TOKEN.findall(args)]


class Reading:
    """Reads the calls of a run one after the other, and remembers their changes."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.accepted: list[str] = []
        self.tokens: dict[int, str] = {}  # clients, by epoll's tokens
        self.watched: list[str] = []  # by epoll
        self.behind: dict[str, str] = {}  # clients, by the numbers of their descriptors
        self.flying: dict[int, str] = {}  # the ring's operations, by number
        self.threads = {run.calls[0].thread: "0"}
        self.sleeps: dict[int, Call] = {}  # the call that each thread waits in

    def who(self, text: str) -> str:
        """The client, `listener` or `eventfd` of a descriptor in strace's form."""
        if peer := re.search(r"->127\.0\.0\.1:(\d+)\]>", text):
            return self.run.ports[int(peer[1])]
        return "listener" if "<TCP:" in text else "eventfd" if "eventfd" in text else ""

    def thread(self, call: Call) -> str:
        """The thread's number, from 0. The thread that waits for signals is called "signal"."""
        if call.thread not in self.threads:
            counted = sum(name.isdecimal() for name in self.threads.values())
            is_signal = call.name == "rt_sigtimedwait"
            self.threads[call.thread] = "signal" if is_signal else str(counted)
        return self.threads[call.thread]

    def about(self, call: Call) -> tuple[str, str] | None:
        """The client that a call is about, and a further word. None if there is no client."""
        args = call.args.split(", ")
        who = self.who(args[0])
        match call.name:
            case "accept4":
                return self.who(call.result) or "listener", ""
            case "shutdown":
                return who, args[1].strip()
            case "poll":
                asked = {fd: self.who(rest)
                         for fd, rest in re.findall(r"fd=(\d+)(<.*?>), events", call.args)}
                ready = re.findall(r"fd=(\d+), revents", call.result)
                return ", ".join(asked[fd] for fd in ready), ", ".join(asked.values())
            case "epoll_ctl":
                return self.who(args[2]), args[1].removeprefix("EPOLL_CTL_")
            case "epoll_wait":
                return ", ".join(self.tokens[token] for token in tokens(call.args)), ""
            case "io_uring_enter":
                return "", args[1]
            case "clone3" | "rt_sigtimedwait":
                return "", ""
            case "setsockopt" | "gettid":
                return None
        return (who, "") if who else None

    def kept(self, call: Call) -> dict[str, Any] | None:
        """The call in the form that we keep, or None."""
        if (found := self.about(call)) is None:
            return None
        who, about = found
        waited = self.sleeps.pop(call.thread, None) is call
        self.remember(call, who, about)
        known = {"thread": self.thread(call), "name": SHORT.get(call.name, call.name), "who": who,
                 "about": about, "result": result(call), "waited": waited}
        return {key: value for key, value in known.items() if value != "" and value is not False}

    def remember(self, call: Call, who: str, about: str) -> None:
        if call.name == "accept4" and who in CLIENTS:
            self.accepted.append(who)
            self.behind[call.result.split("<")[0]] = who
        elif call.name == "epoll_ctl" and about == "ADD":
            self.tokens[tokens(call.args)[0]] = who
            self.watched.append(who)
        elif call.name == "epoll_ctl" and about == "DEL":
            self.watched.remove(who)

    def event(self, number: int) -> dict[str, Any] | None:
        """An event of the ring's trace: an operation that is requested, or completed."""
        event = self.run.events[number]
        fd = str(event["args"].get("fd", ""))
        if event["ph"] == "b":
            what = [event["name"].replace("exchange", "recv")]
            if number + 1 < len(self.run.events):
                linked = self.run.events[number + 1]["args"]
                if self.run.events[number + 1]["id"] == event["id"] and "linked_to" in linked:
                    what = [linked["entry"], linked["linked_to"]]
            who = self.behind.get(fd) or {"poll": "listener", "read": "eventfd"}.get(what[0], "")
            self.flying[event["id"]] = f"{' + '.join(what)} {who}".strip()
            return {"asked": self.flying[event["id"]]}
        if event["ph"] == "e":
            return {"done": self.flying.pop(event["id"]), "result": event["args"]["result"]}
        return {"cancel": self.flying[event["id"]]} if "asked" in event["args"] else None

    def fall_asleep(self, acted: int) -> None:
        """Finds the call that each thread sleeps in when nothing moves, which is its next call to
        return."""
        self.sleeps = {}
        before = {call.thread for call in self.run.calls if call.returned <= acted}
        for call in self.run.calls:
            if call.returned <= acted or call.name == "gettid":
                continue
            if call.thread in before or call.name == "rt_sigtimedwait":
                self.sleeps.setdefault(call.thread, call)

    def asleep(self) -> list[dict[str, Any]]:
        """Describes the call that each thread sleeps in."""
        found = []
        for call in self.sleeps.values():
            if call.name == "rt_sigtimedwait":
                continue
            who, about = self.about(call)
            of = {"poll": about, "epoll_wait": ", ".join(self.watched),
                  "io_uring_enter": ", ".join(self.flying.values())}.get(call.name)
            if of is None:
                of = "listener" if call.name == "accept4" else who
            found.append({"thread": self.thread(call), "in": SHORT.get(call.name, call.name),
                          "of": of})
        return sorted(found, key=lambda one: one["thread"])


def moments(stage: str, run: Run) -> list[dict[str, Any]]:
    """The parts of a run that we keep, which are each moment's calls and the state after it."""
    reading, event = Reading(run), 0
    found: list[dict[str, Any]] = [{"calls": []} for _ in MOMENTS]
    calls, end = iter([*run.calls, None]), run.calls[-1].returned
    call = next(calls)
    for (_, moment), (acted, following) in zip([(0, -1), *run.acts],
                                               [*run.acts, (end, len(MOMENTS))]):
        while call is not None and call.returned <= acted:
            if call.name == "gettid" and run.events:
                kept = reading.event(event)
                event += 1
            else:
                kept = reading.kept(call)
            if kept is not None and moment >= 0:
                found[moment]["calls"].append(kept)
            call = next(calls)
        if stage != NEVER_SLEEPS:
            reading.fall_asleep(acted)
        if moment >= 0 and following != moment:
            found[moment]["after"] = {
                "clients": {name: state if name in reading.accepted or state in ("none", "left")
                            else f"backlog {state}"
                            for name, state in run.clients[moment].items()},
                "threads": reading.asleep() if stage != NEVER_SLEEPS else [{"thread": "0"}]}
    if event != len(run.events):
        raise SystemExit(f"record_ladder.py: {event} of {len(run.events)} events have a place")
    if stage == NEVER_SLEEPS:
        found[-1]["after"]["threads"] = []
        for before, one in zip([{"calls": []}, *found], found):
            settle(before["calls"], one["calls"])
        for one in found:
            one["calls"] = rounds(one["calls"])
    return found


def in_vain(call: dict[str, Any]) -> bool:
    return call["result"] == "EAGAIN"


def settle(before: list[dict[str, Any]], calls: list[dict[str, Any]]) -> None:
    """Moves fruitless calls before the first event to the moment before."""
    if all(in_vain(call) for call in calls):
        return
    while in_vain(calls[0]):
        before.append(calls.pop(0))


def rounds(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The calls, with one entry for all fruitless ones between two others."""
    found: list[dict[str, Any]] = []
    for is_vain, group in itertools.groupby(calls, in_vain):
        some = list(group)
        if is_vain:
            asked = sorted({call["who"] for call in some}, key=lambda who: (who in CLIENTS, who))
            some = [{"thread": "0", "vain": len(some), "who": ", ".join(asked)}]
        found += some
    return found


def certain(stage: str, recorded: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The parts that must be equal in all recordings. The order of threads may differ, and for
    part3 also the number of fruitless calls and the order of clients."""
    def order(call: dict[str, Any]) -> tuple[str, str]:
        return call.get("thread", "0"), call.get("who", "") if stage == NEVER_SLEEPS else ""

    return [{"after": one["after"],
             "calls": sorted((call for call in one["calls"] if "vain" not in call), key=order)}
            for one in recorded]
