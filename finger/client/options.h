#pragma once

#include <chrono>
#include <cstdint>

#include "common/server/options.h"
#include "finger/client/target.h"

namespace finger {

/// What the client's command line sets.
struct ClientOptions {
  Target target{.host = "localhost", .query = ""};
  bool verbose = false;
  bool high_bytes = false;
  bool raw = false;
  std::uint16_t port = 79;
  std::chrono::milliseconds timeout = std::chrono::seconds(10);  ///< 0: none.
};

/// Its lines write to `options`, which must outlive the table.
common::OptionTable option_table(ClientOptions& options);

}  // namespace finger
