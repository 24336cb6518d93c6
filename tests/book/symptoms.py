"""The boxes about what goes wrong, and the output of their commands with and without the defect."""

import re

from typed import Box, chapters, typed

# Boxes with these words aren't tried here, for these reasons.
LEFT_OUT = {
    "as root": "needs root, and sends signals by a program's name",
    "hanging_fs.py": "mounts a file system as root",
}
GONE = "the server has gone\n"
IS_IT_GONE = "[[ $(server_pid) ]] || echo the server has gone"
# The output at a healthy server, and at the server with the defect, which must be built. Some boxes
# are missing, since they show their symptom in the first terminal.
SYMPTOMS = {
    "length-wraps": ("", f"(?s:.*){GONE}"),
    "reset-ends-server": ("", GONE),
    "time-per-call": (r"0\n(Ncat: .*\n)?", "12\n"),
    "erased-while-iterating": ("", f"(?s:.*){GONE}"),
    "follows-links": ("(?s:(?!a password).)*", "(?s:.*a password.*)"),
}
# ./check doesn't build these bugs just to see the symptom. In the page's machine they are built.
MORE_SYMPTOMS = {
    "announced-length-allocated": (r"(?s:.*VmSize: \d{4,6}\n.*VmSize: \d{4,6}\n.*)",
                                   r"(?s:.*VmSize: \d{4,6}\n.*VmSize: \d{7}\n.*)"),
    "lives-on-without-accept": (f"(?s:.*Connection refused.*{GONE})",
                                "(?s:.*Idle timeout expired(?!.*the server has gone).*)"),
    "body-is-next-request": ("1\n", "2\n"),
    "close-ends-nothing": ("0\n", "124\n"),
    "lease-kept-while-sending": (r"(?s:.*0{8}: .*hi\n.*)", r"(?s:(?!.*0{8}).*)"),
    "drain-without-end": ("(?s:.*No such process.*)", "(?s:(?!.*No such process).*)"),
}
# Boxes whose commands end a healthy server, too.
MAY_END = {"lives-on-without-accept", "drain-without-end"}


def boxes() -> list[Box]:
    """The boxes whose server can be started by hand, and that have something to type."""
    return [box for chapter in chapters() for box in typed(chapter)
            if isinstance(box, Box) and box.server and any(
                not re.match(r"\./(\d|check|judge)", command) for command in box.commands)
            and not any(words in box.text for words in LEFT_OUT)]


def probes(box: Box) -> list[str]:
    """Commands that tell whether the server still runs, as a reader sees in the first terminal."""
    port = re.search(r"127\.0\.0\.1[ /](\d+)", box.text)
    return [f"port={port[1]}" if port else ":", IS_IT_GONE]
