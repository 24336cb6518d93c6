#include "finger/service/options.h"

#include <fmt/format.h>

#include "finger/service/takeover.h"

namespace finger {

common::OptionLine proxy_protocol_option(AddressRanges& target) {
  return {.name = "--proxy-protocol",
          .value_name = "ADDRESSES",
          .fallback = "",
          .meaning =
              "connections from there begin with a PROXY header, and are the client's that "
              "it names",
          .takes = "addresses or prefixes with commas between them: 127.0.0.1,10.0.0.0/8,fd00::/8",
          .set = [&target](std::string_view list) {
            const auto parsed = AddressRanges::parse(list);
            if (parsed) target = *parsed;
            return parsed.has_value();
          }};
}

common::OptionLine takeover_option(std::string& target) {
  return {.name = "--takeover",
          .value_name = "PATH",
          .fallback = "",
          .meaning =
              "replace the server that runs with the same PATH, a Unix socket, and serve on "
              "its port; without one there, wait for a successor",
          .takes = fmt::format("a path of at most {} bytes", Takeover::path_bytes_max),
          .set = [&target](std::string_view path) {
            target = path;
            return !path.empty() && path.size() <= Takeover::path_bytes_max;
          }};
}

}  // namespace finger
