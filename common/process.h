#pragma once

#include <cstddef>
#include <string_view>
#include <system_error>

#include "common/options.h"

namespace common {

/// What every server does before it starts: raises its soft limit of descriptors to the hard one,
/// and says so on stderr if that is too little for `connections_max`; ignores SIGPIPE, should
/// whoever reads our stderr go away.
void prepare_process(std::size_t connections_max);

/// Prints the line `listening on ADDRESS`, the only one on stdout, and flushes it: whoever waits
/// for it may sit behind a pipe.
void announce(std::string_view address);

/// Says in one line on stderr why the server cannot run, and what to do where there is something.
/// Returns the exit status 1.
int fail(const Options& options, std::error_code error);

}  // namespace common
