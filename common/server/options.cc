#include "common/server/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cassert>
#include <limits>
#include <span>
#include <sstream>

#include "common/escape.h"
#include "common/net/address.h"
#include "common/server/duration.h"
#include "common/server/log.h"
#include "common/server/print.h"

namespace common {
namespace {

OptionLine host_option(Options& options) {
  return address_option("--host", "address to listen on; :: serves IPv6 and IPv4", options.host);
}

OptionLine verbose_option(Options& options) {
  return flag_option("--verbose", "a line for each connection, and for the reason it was closed",
                     options.verbose);
}

/// The names as CLI11 takes them: `-P,--port`.
std::string names_of(const OptionLine& line) {
  return line.short_name.empty() ? line.name : line.short_name + "," + line.name;
}

void add_line(CLI::App& app, const OptionLine& line) {
  if (line.value_name.empty()) {
    app.add_flag_callback(
        names_of(line), [&line] { (void)line.set(""); }, line.meaning);
    return;
  }
  const auto set = [&line](const std::string& value) {
    if (line.set(value)) return;
    throw CLI::ValidationError(line.name, fmt::format("takes {}", line.takes));
  };
  if (line.repeats) {
    const auto set_each = [set](const std::vector<std::string>& values) {
      std::ranges::for_each(values, set);
    };
    app.add_option_function<std::vector<std::string>>(line.name, set_each, line.meaning)
        ->type_name(line.value_name);
    return;
  }
  app.add_option_function<std::string>(names_of(line), set, line.meaning)
      ->type_name(line.value_name)
      ->default_str(line.fallback)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

/// Explains a wrong number of values. CLI11 says how many it counted; we say what to write.
std::string explain(const CLI::ArgumentMismatch& wrong, const OptionTable& table) {
  const std::string_view counted = wrong.what();
  for (const OptionLine& line : table) {
    if (counted.starts_with(line.name + ':')) {  // `--port: 1 required N missing`
      return fmt::format("{}: takes {}", line.name, line.takes);
    }
  }
  return std::string(counted);
}

/// Whether a flag has a value, as in `--verbose=true`. CLI11 would accept some values.
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

/// Logs in one line what is wrong with the command line. Returns the exit status.
int explain_wrong_usage(const Program& program, std::string_view what) {
  std::string words(what);
  std::ranges::replace(words, '\n', ' ');
  // A word of the command line may come from somewhere else, and terminals obey some bytes.
  words = escape(std::as_bytes(std::span(words)));
  log(fmt::format("{}: {} (try --help)", program.name, words), Severity::error);
  return 2;
}

/// Prints the text of --help or --version. Returns the exit status.
int print_asked(const Program& program, const CLI::App& app, const CLI::Success& asked) {
  std::ostringstream text;
  (void)app.exit(asked, text);
  const auto printed = print(text.str());
  if (printed) return 0;
  log(fmt::format("{}: cannot write to standard output: {}", program.name,
                  printed.error().message()),
      Severity::error);
  return 1;
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

OptionLine max_connections_option(std::size_t& target) {
  return number_option("--max-connections", "N", "connections at once; more wait in the backlog",
                       target, 1, max_connections_limit);
}

OptionLine workers_option(std::string meaning, std::size_t& target) {
  auto line = number_option("--workers", "N", std::move(meaning), target, 1, 1024);
  line.fallback = "";
  return line;
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
          .takes = "an IPv4 or IPv6 address without brackets or %interface, so no link-local one",
          .set = [&target](std::string_view text) {
            const bool is_address = Address::parse(text, 0).has_value();
            if (is_address) target = text;
            return is_address;
          }};
}

std::optional<int> parse_options(int argc, const char* const* argv, const Program& program) {
  if (const auto flag = flag_with_value({argv, static_cast<std::size_t>(argc)}, program)) {
    return explain_wrong_usage(program, *flag + ": takes no value");
  }
  CLI::App app(program.summary, program.name);
  app.set_help_flag("--help", "print this and exit");
  app.set_version_flag("--version", fmt::format("{} {}", program.name, PROGRAM_VERSION));
  for (const OptionLine& line : program.options) add_line(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return print_asked(program, app, asked);
  } catch (const CLI::ArgumentMismatch& wrong) {
    return explain_wrong_usage(program, explain(wrong, program.options));
  } catch (const CLI::ExtrasError&) {  // CLI11 names the last word first
    const auto words = fmt::format("not expected: {}", fmt::join(app.remaining(), " "));
    return explain_wrong_usage(program, words);
  } catch (const CLI::ParseError& wrong) {
    return explain_wrong_usage(program, wrong.what());
  }
  return std::nullopt;
}

}  // namespace common
