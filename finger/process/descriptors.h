#pragma once

#include <span>
#include <vector>

#include "common/fd.h"

namespace finger {

/// Closes every descriptor of this process except `kept` and `sockets`. Logs a line if that fails.
/// Negative numbers in `kept` are ignored.
void close_all_but(std::vector<int> kept, std::span<const common::Fd> sockets = {});

/// Closes everything that the shell had open, because that's not for a process that talks to
/// unknown clients. The standard streams and the sockets that a service manager passed stay. A
/// terminal becomes write-only, and standard input an empty file.
void close_inherited_descriptors(std::span<const common::Fd> passed);

/// Replaces an open descriptor by a file that stays empty.
void make_empty(int descriptor);

}  // namespace finger
