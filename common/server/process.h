#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

#include "common/server/options.h"

namespace common {

/// How a server differs from the stages, whose values are the defaults.
struct ServerProfile {
  std::string_view address = "--host";                 ///< The option for the listening address.
  std::string_view connections = "--max-connections";  ///< The option that limits connections.
  /// Descriptors per connection. 0: don't check the limit, because the program does so, or has no
  /// option that limits connections.
  std::size_t descriptors_each = 1;
};

/// Prepares the process, before it opens anything else:
/// - opens descriptors 0, 1 and 2 if they are closed, because a client's connection could otherwise
///   become descriptor 2 and receive our log;
/// - raises the soft limit of descriptors to the hard one, and warns if even that is too low for
///   `connections_max`;
/// - ignores SIGPIPE, SIGXFSZ and SIGTTOU, so that writing a log line can't kill or stop us;
/// - makes malloc return large freed blocks to the system.
void prepare_process(std::size_t connections_max, std::size_t workers = 1,
                     const ServerProfile& profile = {});

/// Threads started from now on reserve 256 KiB of stack instead of the usual 8 MiB. That's enough
/// for a receive buffer and a few calls.
void use_small_stacks();

/// Prints `listening on ADDRESS`, the only line on stdout. If that fails, the process ends with
/// status 1, because whoever waits for the line would wait forever. A stdout that was closed from
/// the start is fine, because nobody can be waiting. Source: the contract, "Command line".
void announce(std::string_view address);

/// Logs the line as an error. Returns the exit status 1.
int complain(std::string_view line);

/// A line that says why no thread or process can be started, and which limit to raise.
std::string explain_no_thread(std::error_code error);

/// A line that says why the server cannot run and, for the common errors, what to do.
std::string explain_failure(const Options& options, std::error_code error,
                            const ServerProfile& profile = {});

/// Logs explain_failure() as an error. Returns the exit status 1.
int report_failure(const Options& options, std::error_code error,
                   const ServerProfile& profile = {});

}  // namespace common
