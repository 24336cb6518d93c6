#pragma once

#include <cstddef>
#include <string_view>
#include <system_error>

#include "common/server/options.h"

namespace common {

/// What complaints call the options, and how many descriptors a connection needs, in a program
/// whose options are not those of the stages.
struct OptionNames {
  std::string_view address = "--host";
  std::string_view connections = "--max-connections";
  std::size_t descriptors_each = 1;  ///< What a connection needs.
};

/// What every server does before it opens anything. Takes the numbers 0, 1 and 2 where they are
/// closed, or a client's connection would get one of them, and our log lines. Raises the soft limit
/// of descriptors to the hard one, and says so on stderr if that is too little for
/// --max-connections. Ignores SIGPIPE, in case the reader of our stderr goes away. Has large blocks
/// of memory go back to the system when they are freed.
void prepare_process(const Options& options, const OptionNames& terms = {});

/// Prints the line `listening on ADDRESS`, the only one on stdout, and flushes it: stdout may be
/// a pipe, which is buffered.
void announce(std::string_view address);

/// Says in one line on stderr why the server cannot run, and what to do where there is something.
/// Returns the exit status 1.
int fail(const Options& options, std::error_code error, const OptionNames& terms = {});

}  // namespace common
