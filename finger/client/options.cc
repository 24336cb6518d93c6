#include "finger/client/options.h"

#include <sys/socket.h>

#include <limits>
#include <string_view>

namespace finger {
namespace {

common::OptionLine targets_line(std::vector<std::string>& targets) {
  return {.name = "target",
          .value_name = "TARGET",
          .fallback = "",
          .meaning =
              "what to ask: [user][@host[@via]] or finger://host[:port]/user; without a user, "
              "who is there; several are asked in turn",
          .takes = "",
          .set =
              [&targets](std::string_view text) {
                targets.emplace_back(text);
                return true;
              },
          .repeats = true};
}

}  // namespace

common::OptionTable option_table(ClientOptions& options) {
  using common::flag_option;
  return {targets_line(options.targets),
          flag_option("-l", "ask for the long answer", options.verbose),
          flag_option("-4", "ask at an IPv4 address", options.family, AF_INET),
          flag_option("-6", "ask at an IPv6 address", options.family, AF_INET6),
          flag_option("-8", "let every byte above 126 through", options.high_bytes),
          flag_option("--raw", "let everything through: for a file or a pipe", options.raw),
          common::number_option("-p", "PORT", "port of the server", options.port, 1,
                                std::numeric_limits<std::uint16_t>::max()),
          common::duration_option("--timeout",
                                  "for each target, from the name to the last byte; 0: none",
                                  options.timeout)};
}

}  // namespace finger
