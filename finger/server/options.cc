#include "finger/server/options.h"

#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

namespace finger {
namespace {

/// More would only make the table of addresses larger.
constexpr std::uint64_t clients_max = 1'000'000;

using common::duration_option;
using common::flag_option;
using common::number_option;
using common::OptionLine;

/// Takes any text but an empty one.
OptionLine text_option(std::string name, std::string value_name, std::string meaning,
                       std::string takes, std::string& target) {
  return {.name = std::move(name),
          .value_name = std::move(value_name),
          .fallback = target,
          .meaning = std::move(meaning),
          .takes = std::move(takes),
          .set = [&target](std::string_view text) {
            target = text;
            return !text.empty();
          }};
}

OptionLine with_short_name(OptionLine line, std::string name) {
  line.short_name = std::move(name);
  return line;
}

OptionLine proxies_option(AddressRanges& target) {
  return {.name = "--proxy-protocol",
          .value_name = "ADDRESSES",
          .fallback = "",
          .meaning =
              "addresses of proxies, whose connections begin with a PROXY header that names the "
              "client",
          .takes =
              "addresses or prefixes (no bit is set behind one) with commas between them: "
              "127.0.0.1,10.0.0.0/8,fd00::/8",
          .set = [&target](std::string_view text) {
            auto ranges = AddressRanges::parse(text);
            if (ranges) target = std::move(*ranges);
            return ranges.has_value();
          }};
}

}  // namespace

common::OptionTable option_table(Options& options) {
  RosterSource& source = options.source;
  return {
      with_short_name(common::address_option(
                          "--addr", "address to listen on; :: serves IPv6 and IPv4", options.host),
                      "-B"),
      with_short_name(
          number_option("--port", "N", "port to listen on; 0 asks the kernel for a free one",
                        options.port, 0, std::numeric_limits<std::uint16_t>::max()),
          "-P"),
      with_short_name(text_option("--group", "NAME", "serve the members of this group",
                                  "the name of a Unix group", source.group),
                      "-g"),
      text_option("--users", "DIR",
                  "serve DIR/NAME/.plan instead of the system's accounts; SIGHUP looks for new "
                  "users",
                  "the name of a directory", source.users),
      text_option("--user", "NAME",
                  "run as this account and its primary group, once root isn't needed",
                  "the name of an account", options.user),
      flag_option("--full-name", "a line with the full name before every plan, not only with /W",
                  options.full_name),
      text_option("--list-text", "FILE",
                  "print this file before the list of users; SIGHUP rereads it",
                  "the name of a file", source.list_text),
      number_option("--max-clients", "N",
                    "connections at once; one more displaces the oldest without a complete query, "
                    "or waits in the backlog",
                    options.max_connections, 1, clients_max),
      number_option("--max-per-ip", "N",
                    "connections at once from one address (IPv6: one /64, and four times as many "
                    "from one /48); more are closed",
                    options.max_per_ip, 1, clients_max),
      duration_option("--query-timeout", "for the query alone; 0: none", options.query_timeout),
      duration_option("--deadline", "for a whole exchange; 0: none", options.deadline),
      proxies_option(options.proxies),
      flag_option("--check-config", "say what would be served, or why it would not run, and exit",
                  options.check_config),
      flag_option("--no-list", "don't list the users", options.list, false),
      common::choice_option(
          "--log", "HOW", "log of each exchange; outcome: without address and query", options.log,
          {{"full", LogDetail::full}, {"outcome", LogDetail::outcome}, {"none", LogDetail::none}}),
  };
}

}  // namespace finger
