#pragma once

#include <span>
#include <vector>

#include "common/fd.h"

namespace finger {

/// Closes every descriptor of this process but `kept` and `sockets`; a line says so where it may
/// not. A negative number is none.
void close_all_but(std::vector<int> kept, std::span<const common::Fd> sockets = {});

/// Closes what the program was started with besides its standard streams and the sockets that a
/// service manager has passed: what the shell had open is not for a process that talks to unknown
/// clients. Nor is its terminal: from now on it is written to, and standard input is an empty file.
void close_inherited_descriptors(std::span<const common::Fd> passed);

/// The descriptor, which is open, becomes a file that is empty for good.
void make_empty(int descriptor);

}  // namespace finger
