#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/fd.h"
#include "common/server/options.h"

/// What the peers share, so that nothing differs between them but how they wait, read and write.
namespace peer {

/// Fits a message of 64 KiB, the default of --max-message, and its header, as the stages' buffers.
inline constexpr std::size_t buffer_bytes = 4 + 64 * 1024;

/// Reads --host and --port, raises the limits and listens as the stages do: backlog SOMAXCONN,
/// TCP_NODELAY for the connections. Ends the process where that cannot be done. `more`: options of
/// this peer alone.
common::Fd listen_as_told(int argc, char** argv, std::string name, std::string summary,
                          std::vector<common::OptionLine> more = {});

/// The next connection; empty: none waits in the backlog. Ends the process where accept4(2) fails.
common::Fd accept_one(const common::Fd& listener);

/// Prints the line that says it can accept.
void announce(const common::Fd& listener);

/// Ends the process with one line, which names what failed.
[[noreturn]] void give_up(const char* what, int error);

}  // namespace peer
