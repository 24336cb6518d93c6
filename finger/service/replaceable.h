#pragma once

#include <sys/types.h>

#include <expected>
#include <functional>
#include <memory>
#include <string_view>

#include "common/fd.h"
#include "common/server/process.h"
#include "finger/service/options.h"
#include "finger/service/takeover.h"

namespace finger {

/// What a server listens on: the sockets of the server before it, or its own. They are offered to
/// the next one already.
struct Sockets {
  std::unique_ptr<Takeover> takeover;
  Listeners clients;
  common::Fd scrapers;  ///< Empty without --metrics.
};

/// Opens them, before rights are given up: an offer makes a file. `bind` makes those for clients if
/// there is no server to replace. Error: the exit status; it has said on stderr why.
std::expected<Sockets, int> open_sockets(const ServiceOptions& options,
                                         const common::ServerProfile& profile,
                                         const Takeover::Bind& bind);

/// A server that is complete and could accept, as run_replaceable() sees it.
struct Replaceable {
  std::function<void()> stop;         ///< From a signal handler.
  std::function<void(pid_t)> retire;  ///< A successor serves. From another thread.
  std::function<int()> run;           ///< Serves until then. Returns the exit status.
};

/// Runs a server from here to its end: it stops on a signal, as common::SignalWakeup has it; the
/// server before it may go; from now on a successor may replace it; `address` is announced.
/// Returns the exit status.
int run_replaceable(const ServiceOptions& options, const common::ServerProfile& profile,
                    Takeover& takeover, std::string_view address, const Replaceable& server);

}  // namespace finger
