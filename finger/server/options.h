#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/net/address.h"
#include "common/server/options.h"
#include "common/server/process.h"
#include "finger/service/addresses.h"
#include "uring/ring_options.h"

namespace finger {

/// What the log says of each exchange: all; neither who asked nor for what; nothing.
enum class LogDetail { full, outcome, none };

/// What fingerd's command line sets. Source: contract, "finger/fingerd".
struct Options : common::Options {
  Options() { port = 79; }

  std::vector<std::string> hosts = {"::"};  ///< Of --addr; `host` is the one in work.
  std::string group = "finger";
  std::string user;   ///< To run as: NAME, or NAME:GROUP; no NAME: fingerd, or nobody.
  std::string users;  ///< The directory of --users; empty: the system's accounts.
  bool full_name = false;
  std::size_t max_connections = 1024;  ///< --max-clients, of the whole process.
  std::size_t max_per_ip = 16;
  std::size_t max_rate = 0;  ///< Queries of one address in a second. 0: any number.
  std::chrono::milliseconds query_timeout = std::chrono::seconds(2);  ///< 0: none.
  std::chrono::milliseconds deadline = std::chrono::seconds(10);      ///< 0: none.
  std::size_t workers = 1;
  bool list = true;
  AddressRanges proxies;  ///< Their connections begin with a PROXY header.
  LogDetail log = LogDetail::full;
  std::string takeover;                   ///< Where the next server takes over; empty: nowhere.
  std::optional<common::Address> health;  ///< Of the daemon to ask; nullopt: to be one.
  bool check_config = false;
  std::string metrics;  ///< Where they are served; empty: nowhere.
  uring::Setup ring;
};

/// Where fingerd differs from the stages.
inline constexpr common::ServerProfile server_profile{
    .address = "--addr", .connections = "--max-clients", .descriptors_each = 0};

/// fingerd's option table, in the contract's order. Its lines write to `options`, which must
/// outlive it.
common::OptionTable option_table(Options& options);

}  // namespace finger
