#pragma once

namespace finger {

/// Permanently limits this process to the system calls that serving needs, with a filter
/// (seccomp(2)). No call is left to make a process or a thread, a socket, a ring, or executable
/// memory, to connect, to signal another process, or to run a program, nor any call of a later
/// kernel. A filter doesn't see what we ask of a ring, which has a list of its own:
/// restrict_ring().
///
/// An unlisted call fails with EPERM. If an unknown C library makes one, that costs an answer at
/// most. Killing the process would cost all clients theirs, whenever somebody found out how; an
/// intruder is refused either way. A call by another processor's numbers can only be an intruder's,
/// and ends the process.
///
/// Needs PR_SET_NO_NEW_PRIVS, one thread, and all listening sockets open.
///
/// If the kernel has no such filters, or a container forbids them, nothing is refused. We still
/// serve plans, because this is the last of several walls. But we log a warning, so that an
/// administrator who counts on the filter knows that it is missing. Source: seccomp(2),
/// seccomp_rule_add(3)
void filter_calls();

}  // namespace finger
