#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

#include "common/server/options.h"

namespace common {

/// A server may differ from the stages in this; their values are the defaults.
struct ServerProfile {
  std::string_view address = "--host";                 ///< The option that says where to listen.
  std::string_view connections = "--max-connections";  ///< The option that limits them.
  /// What a connection needs. 0: the server says itself how many there are descriptors for.
  std::size_t descriptors_each = 1;
};

/// What every server does before it opens anything. Takes 0, 1 and 2 where they are closed:
/// otherwise a client's connection could become descriptor 2 and receive our log. Raises the soft
/// limit of descriptors to the hard one, and says so on stderr if that is too little for
/// `connections_max`. Ignores SIGPIPE, in case the reader of our stderr goes away. Makes freed
/// large blocks go back to the system.
void prepare_process(std::size_t connections_max, std::size_t workers = 1,
                     const ServerProfile& profile = {});

/// Threads that are started from now on reserve 256 KiB for their stacks, and not the usual 8 MiB:
/// enough for a few calls and a receive buffer.
void use_small_stacks();

/// Prints the line `listening on ADDRESS`, the only one on stdout. A line that cannot be written
/// ends the process with status 1, since who waits for it would wait for ever; but for a stdout
/// that was closed when the process was started, where nobody waits. Source: the contract, "Command
/// line".
void announce(std::string_view address);

/// Says the line on stderr, an error. Returns the exit status 1.
int complain(std::string_view line);

/// Why no thread, or no process, can be started, and what to do about it, in a line.
std::string explain_no_thread(std::error_code error);

/// Says so of a descriptor `for_what`: "for one client", say.
std::string explain_no_descriptor(std::error_code error, std::string_view for_what);

/// Why the server cannot run, and what to do where there is something, in a line.
std::string explain_failure(const Options& options, std::error_code error,
                            const ServerProfile& profile = {});

/// Says so on stderr. Returns the exit status 1.
int report_failure(const Options& options, std::error_code error,
                   const ServerProfile& profile = {});

}  // namespace common
