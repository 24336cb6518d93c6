#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/server/options.h"

namespace finger {

/// The client's options.
struct ClientOptions {
  std::vector<std::string> targets;  ///< Not yet parsed. Empty: ask who is there.
  int family = AF_UNSPEC;
  bool verbose = false;
  bool high_bytes = false;
  bool raw = false;
  std::uint16_t port = 79;
  std::chrono::milliseconds timeout = std::chrono::seconds(10);  ///< 0: none.
};

/// The table's lines write to `options`, which must outlive the table.
common::OptionTable option_table(ClientOptions& options);

}  // namespace finger
