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

/// Builds the server, and gives up all rights that it doesn't need, in the steps of a worker's life
/// up to its first client. `control` may be empty if nobody wants to hear of directories that don't
/// answer. Only `control`, `listeners` and the standard streams stay open. The process must have
/// one thread only. Error: a line that says what is missing, and what to do; the process must end
/// then.
std::expected<std::unique_ptr<Server>, std::string> prepare(const Options& options,
                                                            std::span<const common::Fd> listeners,
                                                            const Control& control);

/// Runs a worker, in its process, from the fork to the end. Returns the exit status.
int run_worker(const Options& options, std::vector<common::Fd>& listeners, const Control& control);

}  // namespace finger
