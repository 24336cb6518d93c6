#include "finger/client/options.h"

#include <limits>
#include <string_view>

namespace finger {
namespace {

common::OptionLine target_line(Target& target) {
  return {.name = "target",
          .value_name = "[user]@host[@via]",
          .fallback = "",
          .meaning = "whom to ask about whom; no user: who is there",
          .takes = "[user]@host[@via] without control characters",
          .set = [&target](std::string_view text) {
            const auto parsed = Target::parse(text);
            if (parsed) target = *parsed;
            return parsed.has_value();
          }};
}

}  // namespace

common::OptionTable option_table(ClientOptions& options) {
  using common::flag_option;
  return {
      target_line(options.target),
      flag_option("-l", "ask for the long answer", options.verbose),
      flag_option("-8", "let every byte above 126 through", options.high_bytes),
      flag_option("--raw", "let everything through: for a file or a pipe", options.raw),
      common::number_option("-p", "PORT", "port of the server", options.port, 1,
                            std::numeric_limits<std::uint16_t>::max()),
      common::duration_option("--timeout", "for all of it, from the name to the last byte; 0: none",
                              options.timeout)};
}

}  // namespace finger
