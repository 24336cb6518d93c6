"""Properties that a process inherits and passes on: blocked and ignored signals. execve(2)"""

import signal

PYTHONS_OWN = {signal.SIGPIPE, signal.SIGXFSZ}  # ignored by it, and not in what it starts


def heed_all_signals() -> None:
    """Starts processes with every signal as after a login, because a shell ignores SIGINT for its
    background. For us, ignored signals still have no effect."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in signal.valid_signals() - PYTHONS_OWN:
        if signal.getsignal(number) == signal.SIG_IGN:
            # The kernel keeps no child for who ignores its end, not even its exit status.
            signal.signal(number, signal.SIG_DFL if number == signal.SIGCHLD else nothing)


def nothing(*_: object) -> None:
    """Handles a signal as if it were ignored, but no child inherits a handler."""
