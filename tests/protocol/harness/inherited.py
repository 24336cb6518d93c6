"""What a process takes over from whoever has started it and hands on to what it starts itself: the
signals that are blocked or ignored. execve(2)"""

import signal

PYTHONS_OWN = {signal.SIGPIPE, signal.SIGXFSZ}  # ignored by it, and not in what it starts


def heed_all_signals() -> None:
    """What is started from now on has every signal as after a login: of what runs in its background
    a shell ignores SIGINT. For us, what was ignored still has no effect."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in signal.valid_signals() - PYTHONS_OWN:
        if signal.getsignal(number) == signal.SIG_IGN:
            # The kernel keeps no child for who ignores its end, not even its exit status.
            signal.signal(number, signal.SIG_DFL if number == signal.SIGCHLD else nothing)


def nothing(*_: object) -> None:
    """Handles a signal as if it were ignored; but no child inherits a handler."""
