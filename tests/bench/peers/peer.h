#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/fd.h"
#include "common/server/options.h"

/// Common code of the peers, so that they differ only in how they wait, read and write.
namespace peer {

/// Room for a message of 64 KiB, the default of --max-message, and its header, as in the stages.
inline constexpr std::size_t buffer_bytes = 4 + 64 * 1024;

/// Reads --host and --port, raises the limits and listens as the stages do: backlog SOMAXCONN,
/// TCP_NODELAY for the connections. Ends the process if that fails. `more` are options of this peer
/// alone.
common::Fd listen_as_told(int argc, char** argv, std::string name, std::string summary,
                          std::vector<common::OptionLine> more = {});

/// The next connection, or empty if none waits in the backlog. Ends the process if accept4(2)
/// fails.
common::Fd accept_one(const common::Fd& listener);

/// Prints the ready line.
void announce(const common::Fd& listener);

/// Ends the process with one line, which names the failed call.
[[noreturn]] void give_up(const char* what, int error);

}  // namespace peer
