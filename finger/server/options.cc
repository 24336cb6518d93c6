#include "finger/server/options.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <ranges>
#include <utility>

#include "finger/service/endpoint.h"
#include "finger/service/metrics.h"

namespace finger {
namespace {

/// More would only make the table of addresses larger.
constexpr std::uint64_t clients_max = 1'000'000;

common::OptionLine with_short_name(std::string short_name, common::OptionLine line) {
  line.short_name = std::move(short_name);
  return line;
}

common::OptionLine text_option(std::string name, std::string value_name, std::string meaning,
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

/// Whether nothing can be bound to `one` beside `all`, both as Address::to_string() has them.
bool covers(std::string_view all, std::string_view one) {
  return all == one || all == "[::]:0" || (all == "0.0.0.0:0" && !one.starts_with('['));
}

/// From addresses with commas between them. Empty: one is none, or two cannot both be bound.
std::vector<std::string> parse_hosts(std::string_view list) {
  std::vector<std::string> hosts;
  std::vector<std::string> bound;
  for (const auto part : std::views::split(list, ',')) {
    const std::string_view host(part.begin(), part.end());
    const auto address = common::Address::parse(host, 0);
    if (!address) return {};
    const auto text = address->to_string();
    const bool is_apart = std::ranges::none_of(
        bound, [&text](const auto& other) { return covers(other, text) || covers(text, other); });
    if (!is_apart) return {};
    hosts.emplace_back(host);
    bound.push_back(text);
  }
  return hosts;
}

common::OptionLine hosts_option(std::vector<std::string>& hosts) {
  return {.name = "--addr",
          .value_name = "ADDRESSES",
          .fallback = "::",
          .meaning = "addresses to listen on; :: serves IPv6 and IPv4",
          .takes =
              "addresses with commas between them, without brackets: 192.0.2.1,2001:db8::1; :: "
              "stands alone",
          .set =
              [&hosts](std::string_view list) {
                hosts = parse_hosts(list);
                return !hosts.empty();
              },
          .short_name = "-B"};
}

common::OptionLine health_option(std::optional<common::Address>& address) {
  return {.name = "--health",
          .value_name = "ADDR",
          .fallback = "",
          .meaning = "ask whether a fingerd serves there, and end with 0 or 1: for orchestrators",
          .takes = "an address and port such as 127.0.0.1:79 or [::1]:79",
          .set = [&address](std::string_view text) {
            address = parse_endpoint(text);
            return address.has_value();
          }};
}

common::OptionLine log_option(LogDetail& detail) {
  return {.name = "--log",
          .value_name = "HOW",
          .fallback = "full",
          .meaning = "of each exchange; outcome: without the peer and the query",
          .takes = "full, outcome or none",
          .set = [&detail](std::string_view word) {
            constexpr std::string_view words[] = {"full", "outcome", "none"};
            const auto found = std::ranges::find(words, word);
            if (found == std::end(words)) return false;
            detail = static_cast<LogDetail>(found - std::begin(words));
            return true;
          }};
}

common::OptionLine quiet_option(LogDetail& detail) {
  return {.name = "--quiet",
          .value_name = "",
          .fallback = "",
          .meaning = "no line for each exchange on stderr: --log none",
          .takes = "no value",
          .set = [&detail](std::string_view) {
            detail = LogDetail::none;
            return true;
          }};
}

common::OptionLine ring_option(uring::Setup& setup) {
  return {.name = "--ring",
          .value_name = "LIST",
          .fallback = "",
          .meaning = "how to set up the ring, as entries=4,buffers=2: for tests",
          .takes = uring::setup_syntax,
          .set = [&setup](std::string_view list) {
            const auto parsed = uring::Setup::parse(list);
            if (parsed) setup = *parsed;
            return parsed.has_value();
          }};
}

}  // namespace

Options::Options() {
  process.port = 79;
  process.max_connections = 1024;
}

bool says_where_to_listen(const Options& options) {
  const Options otherwise;
  return options.hosts != otherwise.hosts || options.process.port != otherwise.process.port;
}

common::OptionTable option_table(Options& options) {
  using common::flag_option;
  using common::number_option;
  ServiceOptions& process = options.process;
  return {
      hosts_option(options.hosts),
      with_short_name(
          "-P", number_option("--port", "N", "port to listen on; 0 asks the kernel for a free one",
                              process.port, 0, std::numeric_limits<std::uint16_t>::max())),
      with_short_name("-g", text_option("--group", "NAME", "its members have opted in",
                                        "the name of a Unix group", options.group)),
      text_option("--user", "NAME[:GROUP]",
                  "the account to run as, once root is given up, and its only group",
                  "the name of an account, and of a group after a colon", options.user),
      text_option(
          "--users", "DIR",
          "serve DIR/NAME/.plan instead of the system's accounts; SIGHUP: look for new users",
          "the name of a directory", options.users),
      flag_option("--full-name", "a line with the full name before every plan, not only with /W",
                  options.full_name),
      number_option("--max-clients", "N",
                    "connections at once; for one more the oldest without a whole query is closed, "
                    "or it waits in the backlog",
                    process.max_connections, 1, clients_max),
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
      number_option("--workers", "N", "event loops, a thread and a ring each", process.workers, 1,
                    1024),
      flag_option("--no-list", "refuse to say who can be asked for", options.list, false),
      proxy_protocol_option(process.proxies),
      log_option(options.log),
      quiet_option(options.log),
      takeover_option(process.takeover),
      health_option(options.health),
      flag_option("--check-config", "say what would be served, or why it would not run, and end",
                  options.check_config),
      metrics_option(process.metrics),
      ring_option(options.ring),
  };
}

}  // namespace finger
