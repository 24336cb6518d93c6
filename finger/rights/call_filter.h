#pragma once

namespace finger {

/// A filter of system calls (seccomp(2)) for this process, for good: a list of what serving takes,
/// and nothing else. So there is no call to make a process or a thread, a socket, a ring, or memory
/// that is executable, to connect or signal another process, to run a program; nor is there what a
/// later kernel brings. No filter sees what is asked of a ring, which has a list of its own:
/// restrict_ring().
///
/// What is not on the list fails with EPERM, and the process lives. Should a C library that we do
/// not know make another call, that costs an answer at most. To be killed for it would cost all
/// clients theirs, as often as somebody finds out how; to an intruder, both are a door that is
/// shut. A call by another processor's numbers is an intruder's in any case, and ends the process.
///
/// Needs PR_SET_NO_NEW_PRIVS, and a process with one thread, in which all is open that listens.
///
/// Where the kernel has no such filters, or a container forbids them, nothing is refused. Then
/// plans are served all the same, since this is the last of several walls; but an administrator who
/// counts on it has to be told that it is missing, and a warning in the log does. Source:
/// seccomp(2), seccomp_rule_add(3)
void filter_calls();

}  // namespace finger
