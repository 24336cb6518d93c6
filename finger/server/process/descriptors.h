#pragma once

#include "finger/server/process/service_manager.h"

namespace finger {

/// Closes what the program was started with besides its standard streams and those sockets: what
/// the shell had open is not for a process that talks to unknown clients. Nor is its terminal: from
/// now on it is written to, a file that is standard error is appended to, and standard input is an
/// empty file.
void close_inherited_descriptors(const PassedSockets& passed);

/// The descriptor is a file that is empty for good.
void make_empty(int descriptor);

/// Closes all descriptors but those; a negative one is none. `flags` are those of close_range(2).
/// False: a filter of system calls forbids it.
bool close_all_but(std::vector<int> kept, int flags = 0);

}  // namespace finger
