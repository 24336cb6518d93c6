#pragma once

#include <cstddef>
#include <string>

#include "common/server/constants.h"
#include "common/server/options.h"
#include "finger/service/address_ranges.h"

namespace finger {

/// What can be chosen for a server that is run in earnest: what the stages have, and what it takes
/// to replace it, to look into it, and to put it behind a proxy.
struct ServiceOptions : common::Options {
  std::size_t max_connections = common::default_max_connections;  ///< Of the whole process.
  std::size_t workers = 1;
  AddressRanges proxies;  ///< Their connections begin with a PROXY header.
  std::string takeover;   ///< Where the next server takes over; empty: nowhere.
  std::string metrics;    ///< Where they are served; empty: nowhere.
};

/// Lines of the option table. Each writes to `target`, which must outlive the table.
common::OptionLine proxy_protocol_option(AddressRanges& target);
common::OptionLine takeover_option(std::string& target);

}  // namespace finger
