#pragma once

namespace finger {

/// A filter of system calls (seccomp(2)) for all threads of this process, and those that they
/// start, for good. It refuses what an attacker would want next, and serving plans never does: to
/// make a socket or connect one, to signal or trace another process, to execute a program, to make
/// memory executable, and to make a ring, on which what no filter sees could be asked for; the
/// rings that there are have a list of their own (Ring::permit_only()).
///
/// A list of what is refused and not of what is permitted: a C library that comes later may make
/// calls that we do not know. Needs PR_SET_NO_NEW_PRIVS. To be called when all is open and all
/// rings are made. Where the kernel has no such filters, nothing is refused.
/// Source: seccomp(2), seccomp_rule_add(3)
void filter_calls();

}  // namespace finger
