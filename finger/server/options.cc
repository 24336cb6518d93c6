#include "finger/server/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <ranges>
#include <string_view>
#include <utility>

#include "finger/service/metrics.h"
#include "finger/service/takeover.h"

namespace finger {
namespace {

/// More would only make the table of addresses larger.
constexpr std::uint64_t clients_max = 1'000'000;

/// What `parse` makes of the text, if it is not nullopt.
template <typename T, typename Parse>
common::OptionLine parsed_option(std::string name, std::string value_name, std::string meaning,
                                 std::string takes, T& target, Parse parse) {
  return {.name = std::move(name),
          .value_name = std::move(value_name),
          .fallback = "",
          .meaning = std::move(meaning),
          .takes = std::move(takes),
          .set = [&target, parse](std::string_view text) {
            auto parsed = parse(text);
            if (parsed) target = std::move(*parsed);
            return parsed.has_value();
          }};
}

std::optional<std::string> not_empty(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return std::string(text);
}

std::optional<std::string> parse_path(std::string_view path) {
  return path.size() <= Takeover::path_bytes_max ? not_empty(path) : std::nullopt;
}

/// Whether nothing can be bound to `one` beside `all`, both as Address::to_string() has them.
bool covers(std::string_view all, std::string_view one) {
  return all == one || all == "[::]:0" || (all == "0.0.0.0:0" && !one.starts_with('['));
}

/// From addresses with commas between them. nullopt: one is none, or two cannot both be bound.
std::optional<std::vector<std::string>> parse_hosts(std::string_view list) {
  std::vector<std::string> hosts;
  std::vector<std::string> bound;
  for (const auto part : std::views::split(list, ',')) {
    const std::string_view host(part.begin(), part.end());
    const auto address = common::Address::parse(host, 0);
    if (!address) return std::nullopt;
    const auto text = address->to_string();
    const bool is_apart = std::ranges::none_of(
        bound, [&text](const auto& other) { return covers(other, text) || covers(text, other); });
    if (!is_apart) return std::nullopt;
    hosts.emplace_back(host);
    bound.push_back(text);
  }
  return hosts.empty() ? std::nullopt : std::optional(std::move(hosts));
}

using common::flag_option;
using common::number_option;

/// Where it listens, whom it serves, and how many for how long.
common::OptionTable lines_of_service(Options& options) {
  auto hosts =
      parsed_option("--addr", "ADDRESSES", "addresses to listen on; :: serves IPv6 and IPv4",
                    "addresses with commas between them, without brackets: 192.0.2.1,2001:db8::1; "
                    ":: stands alone",
                    options.hosts, parse_hosts);
  hosts.fallback = options.hosts.front();
  hosts.short_name = "-B";
  auto port = number_option("--port", "N", "port to listen on; 0 asks the kernel for a free one",
                            options.port, 0, std::numeric_limits<std::uint16_t>::max());
  port.short_name = "-P";
  auto group = parsed_option("--group", "NAME", "its members have opted in",
                             "the name of a Unix group", options.group, not_empty);
  group.fallback = options.group;
  group.short_name = "-g";
  return {
      std::move(hosts),
      std::move(port),
      std::move(group),
      parsed_option("--user", "NAME[:GROUP]",
                    "the account to run as, once root is given up, and its only group",
                    "the name of an account, and of a group after a colon", options.user,
                    not_empty),
      parsed_option(
          "--users", "DIR",
          "serve DIR/NAME/.plan instead of the system's accounts; SIGHUP: look for new users",
          "the name of a directory", options.users, not_empty),
      flag_option("--full-name", "a line with the full name before every plan, not only with /W",
                  options.full_name),
      number_option("--max-clients", "N",
                    "connections at once; for one more the oldest without a whole query is closed, "
                    "or it waits in the backlog",
                    options.max_connections, 1, clients_max),
      number_option("--max-per-ip", "N",
                    "connections at once from one address (IPv6: one /64, and four times as many "
                    "from one /48); more are closed",
                    options.max_per_ip, 1, clients_max),
      number_option("--max-rate", "N",
                    "queries a second from one address, counted as above; more are closed; 0: any "
                    "number",
                    options.max_rate, 0, clients_max),
      common::duration_option("--query-timeout", "for the query alone; 0: none",
                              options.query_timeout),
      common::duration_option("--deadline", "for a whole exchange; 0: none", options.deadline),
      number_option("--workers", "N", "event loops, a thread and a ring each", options.workers, 1,
                    1024),
  };
}

/// How it is run and looked after.
common::OptionTable lines_of_operation(Options& options) {
  return {
      flag_option("--no-list", "refuse to say who can be asked for", options.list, false),
      parsed_option("--proxy-protocol", "ADDRESSES",
                    "connections from there begin with a PROXY header, and are the client's that "
                    "it names",
                    "addresses or prefixes with commas between them: 127.0.0.1,10.0.0.0/8,fd00::/8",
                    options.proxies, AddressRanges::parse),
      common::choice_option(
          "--log", "HOW", "of each exchange; outcome: without the peer and the query", options.log,
          {{"full", LogDetail::full}, {"outcome", LogDetail::outcome}, {"none", LogDetail::none}}),
      flag_option("--quiet", "no line for each exchange on stderr: --log none", options.log,
                  LogDetail::none),
      parsed_option("--takeover", "PATH",
                    "replace the server that runs with the same PATH, a Unix socket, and serve on "
                    "its port; without one there, wait for a successor",
                    fmt::format("a path of at most {} bytes", Takeover::path_bytes_max),
                    options.takeover, parse_path),
      parsed_option("--health", "ADDR",
                    "ask whether a fingerd serves there, and end with 0 or 1: for orchestrators",
                    "an address and port such as 127.0.0.1:79 or [::1]:79", options.health,
                    parse_endpoint),
      flag_option("--check-config", "say what would be served, or why it would not run, and end",
                  options.check_config),
      parsed_option("--metrics", "ADDR",
                    "serve the counters that SIGUSR1 logs, in Prometheus' format",
                    "a loopback address and port such as 127.0.0.1:9179 or [::1]:9179, or a path "
                    "with a / for a Unix socket",
                    options.metrics, parse_metrics_place),
      parsed_option("--ring", "LIST", "how to set up the ring, as entries=4,buffers=2: for tests",
                    uring::setup_syntax, options.ring, uring::Setup::parse),
  };
}

}  // namespace

common::OptionTable option_table(Options& options) {
  auto table = lines_of_service(options);
  std::ranges::move(lines_of_operation(options), std::back_inserter(table));
  return table;
}

}  // namespace finger
