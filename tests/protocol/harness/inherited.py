"""Properties that a process passes on to its children: blocked and ignored signals. execve(2)"""

import signal

# Python ignores these, but not in the programs that it starts
PYTHONS_OWN = {signal.SIGPIPE, signal.SIGXFSZ}


def heed_all_signals() -> None:
    """Gives every signal the action that it has after a login, so that our children inherit that. A
    shell ignores SIGINT for its background. In our own process, ignored signals still have no
    effect.
    """
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in signal.valid_signals() - PYTHONS_OWN:
        if signal.getsignal(number) == signal.SIG_IGN:
            # If a process ignores SIGCHLD, the kernel keeps no exit status of its children.
            signal.signal(number, signal.SIG_DFL if number == signal.SIGCHLD else nothing)


def nothing(*_: object) -> None:
    """Handles a signal as if it were ignored, because no child inherits a handler."""
