#pragma once

#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/fd.h"
#include "finger/process/control.h"
#include "finger/server/options.h"
#include "finger/server/server.h"

namespace finger {

/// Makes what serves, with no more rights than that takes: a worker's life up to its first client,
/// whose steps are in the function. `control` may be empty: nobody wants to hear of directories
/// that do not answer. Only `control`, `listeners` and the standard streams stay open. The process
/// must have one thread only. Error: a line that says what is missing, and what to do about it; the
/// process must end then.
std::expected<std::unique_ptr<Server>, std::string> prepare(const Options& options,
                                                            std::span<const common::Fd> listeners,
                                                            const Control& control);

/// A worker's life, in its process, from the fork to the end. Returns its exit status.
int run_worker(const Options& options, std::vector<common::Fd>& listeners, const Control& control);

}  // namespace finger
