#include "common/server/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cassert>
#include <cstdio>
#include <limits>
#include <span>

#include "common/server/address.h"
#include "common/server/duration.h"
#include "common/server/log.h"
#include "common/server/takeover.h"

namespace common {
namespace {

template <typename T>
using Choices = std::vector<std::pair<std::string_view, T>>;

template <typename T>
OptionLine choice_option(std::string name, std::string value_name, std::string meaning, T& target,
                         Choices<T> choices) {
  std::string takes = "one of";
  for (const auto& [word, value] : choices) takes += fmt::format(" {}", word);
  return {.name = std::move(name),
          .value_name = std::move(value_name),
          .fallback = std::string(choices.front().first),
          .meaning = std::move(meaning),
          .takes = std::move(takes),
          .set = [&target, choices = std::move(choices)](std::string_view text) {
            for (const auto& [word, value] : choices) {
              if (word == text) {
                target = value;
                return true;
              }
            }
            return false;
          }};
}

OptionLine host_option(Options& options) {
  return address_option("--host", "address to listen on; :: serves IPv6 and IPv4", options.host);
}

OptionLine verbose_option(Options& options) {
  return flag_option("--verbose", "a line for each connection, and for the reason it was closed",
                     options.verbose);
}

/// As CLI11 takes it: `-P,--port`.
std::string names_of(const OptionLine& line) {
  return line.short_name.empty() ? line.name : line.short_name + "," + line.name;
}

void add_line(CLI::App& app, const OptionLine& line) {
  if (line.value_name.empty()) {
    app.add_flag_callback(
           names_of(line), [&line] { (void)line.set(""); }, line.meaning)
        ->disable_flag_override();
    return;
  }
  app.add_option_function<std::string>(
         names_of(line),
         [&line](const std::string& value) {
           if (line.set(value)) return;
           throw CLI::ValidationError(line.name, fmt::format("takes {}", line.takes));
         },
         line.meaning)
      ->type_name(line.value_name)
      ->default_str(line.fallback)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

/// What is wrong with the number of values. CLI11 says how many it counted; we, what to write.
std::string explain(const CLI::ArgumentMismatch& wrong, const OptionTable& table) {
  const std::string_view counted = wrong.what();
  for (const OptionLine& line : table) {
    // `--port: 1 required N missing`, but `verbose was given a disallowed flag override`.
    if (counted.starts_with(line.name + ':') || counted.starts_with(line.name.substr(2) + ' ')) {
      return fmt::format("{}: takes {}", line.name, line.takes);
    }
  }
  return std::string(counted);
}

/// `--verbose=true`: CLI11 would take some values of a flag.
bool gives_a_value(std::string_view word, std::string_view flag) {
  return word.starts_with(flag) && word.substr(flag.size()).starts_with('=');
}

std::optional<std::string> flag_with_value(std::span<const char* const> words,
                                           const Program& program) {
  for (const std::string_view word : words) {
    for (const std::string_view flag : {"--help", "--version"}) {
      if (gives_a_value(word, flag)) return std::string(flag);
    }
    for (const OptionLine& line : program.options) {
      if (line.value_name.empty() && gives_a_value(word, line.name)) return line.name;
    }
  }
  return std::nullopt;
}

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

}  // namespace

Address Options::address() const {
  const auto address = Address::parse(host, port);
  assert(address);
  return *address;
}

OptionTable stage_options(Options& options) {
  return {
      host_option(options),
      number_option("--port", "N", "port to listen on; 0 asks the kernel for a free one",
                    options.port, 0, std::numeric_limits<std::uint16_t>::max()),
      number_option("--max-message", "BYTES", "largest payload accepted", options.max_message, 0,
                    std::numeric_limits<std::uint32_t>::max()),
      duration_option("--read-timeout",
                      "close a connection that completes no message for that long; 0: never",
                      options.read_timeout),
      duration_option("--drain-timeout", "how long an orderly stop may take",
                      options.drain_timeout),
      verbose_option(options),
  };
}

OptionLine max_connections_option(Options& options) {
  return number_option("--max-connections", "N", "connections at once; more wait in the backlog",
                       options.max_connections, 1, max_connections_limit);
}

OptionLine workers_option(Options& options, std::string_view meaning) {
  auto line = number_option("--workers", "N", std::string(meaning), options.workers, 1, 1024);
  line.fallback = "";
  return line;
}

OptionLine accept_option(Options& options) {
  return choice_option<AcceptHow>(
      "--accept", "HOW", "how workers share new connections: reuseport, exclusive or shared",
      options.accept,
      {{"reuseport", AcceptHow::reuseport},
       {"exclusive", AcceptHow::exclusive},
       {"shared", AcceptHow::shared}});
}

OptionLine protocol_option(Options& options) {
  return choice_option<Protocol>(
      "--protocol", "NAME", "echo, discard or http", options.protocol,
      {{"echo", Protocol::echo}, {"discard", Protocol::discard}, {"http", Protocol::http}});
}

OptionLine proxy_protocol_option(Options& options) {
  return {.name = "--proxy-protocol",
          .value_name = "ADDRESSES",
          .fallback = "",
          .meaning =
              "connections from there begin with a PROXY header, and are the client's that "
              "it names",
          .takes = "addresses or prefixes with commas between them: 127.0.0.1,10.0.0.0/8,fd00::/8",
          .set = [&proxies = options.proxies](std::string_view list) {
            const auto parsed = AddressRanges::parse(list);
            if (parsed) proxies = *parsed;
            return parsed.has_value();
          }};
}

OptionLine takeover_option(Options& options) {
  return {.name = "--takeover",
          .value_name = "PATH",
          .fallback = "",
          .meaning =
              "replace the server that runs with the same PATH, a Unix socket, and serve on "
              "its port; without one there, wait for a successor",
          .takes = fmt::format("a path of at most {} bytes", Takeover::path_bytes_max),
          .set = [&options](std::string_view path) {
            options.takeover = path;
            return !path.empty() && path.size() <= Takeover::path_bytes_max;
          }};
}

OptionLine duration_option(std::string name, std::string meaning,
                           std::chrono::milliseconds& target) {
  return {.name = std::move(name),
          .value_name = "DURATION",
          .fallback = to_string(target),
          .meaning = std::move(meaning),
          .takes = "a duration such as 250ms, 10s, 2m or 0",
          .set = [&target](std::string_view text) {
            const auto duration = parse_duration(text);
            if (duration) target = *duration;
            return duration.has_value();
          }};
}

OptionLine address_option(std::string name, std::string meaning, std::string& target) {
  return {.name = std::move(name),
          .value_name = "ADDR",
          .fallback = target,
          .meaning = std::move(meaning),
          .takes = "an IPv4 or IPv6 address without brackets",
          .set = [&target](std::string_view text) {
            target = text;
            return Address::parse(text, 0).has_value();
          }};
}

OptionLine flag_option(std::string name, std::string meaning, bool& target, bool value) {
  return {.name = std::move(name),
          .value_name = "",
          .fallback = "",
          .meaning = std::move(meaning),
          .takes = "no value",
          .set = [&target, value](std::string_view) {
            target = value;
            return true;
          }};
}

std::optional<int> parse_options(int argc, const char* const* argv, const Program& program) {
  if (const auto flag = flag_with_value({argv, static_cast<std::size_t>(argc)}, program)) {
    log(fmt::format("{}: {}: takes no value (try --help)", program.name, *flag));
    return 2;
  }
  CLI::App app(program.summary, program.name);
  app.set_help_flag("--help", "print this and exit");
  app.set_version_flag("--version", fmt::format("{} {}", program.name, PROGRAM_VERSION));
  for (const OptionLine& line : program.options) add_line(app, line);
  const auto complain = [&program](std::string_view what) {
    log(one_line(fmt::format("{}: {} (try --help)", program.name, what)));
    return 2;
  };
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version: prints to stdout
    return app.exit(asked);
  } catch (const CLI::ArgumentMismatch& wrong) {
    return complain(explain(wrong, program.options));
  } catch (const CLI::ParseError& wrong) {
    return complain(wrong.what());
  }
  return std::nullopt;
}

}  // namespace common
