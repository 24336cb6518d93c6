#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "common/server/options.h"
#include "common/server/process.h"
#include "finger/accounts/roster.h"
#include "finger/proxy/trusted.h"

namespace finger {

/// The log line of each exchange: complete; without address and query; none.
enum class LogDetail { full, outcome, none };

/// fingerd's options.
struct Options : common::Options {
  Options() {
    host = "::";
    port = 79;
  }

  RosterSource source;
  std::string user;  ///< The account to run as; empty: fingerd, or nobody.
  bool full_name = false;
  bool list = true;
  std::size_t max_connections = 1024;  ///< --max-clients
  std::size_t max_per_ip = 16;
  std::chrono::milliseconds query_timeout = std::chrono::seconds(2);  ///< 0: none.
  std::chrono::milliseconds deadline = std::chrono::seconds(10);      ///< 0: none.
  AddressRanges proxies;  ///< Their connections begin with a PROXY header.
  LogDetail log = LogDetail::full;
  bool check_config = false;
  std::size_t descriptors = 0;  ///< Not an option: descriptors for all clients together.
};

/// How fingerd differs from the stages.
inline constexpr common::ServerProfile server_profile{
    .address = "--addr", .connections = "--max-clients", .descriptors_each = 0};

/// fingerd's option table. Its lines write to `options`, which must outlive the table.
common::OptionTable option_table(Options& options);

}  // namespace finger
