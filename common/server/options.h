#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/net/address.h"
#include "common/net/number.h"

namespace common {

/// The default of --max-connections, and its largest value.
inline constexpr std::size_t default_max_connections = 4096;
inline constexpr std::uint32_t max_connections_limit = 10'000'000;

/// The default of --max-message, the largest payload accepted.
inline constexpr std::uint32_t default_max_message = 64 * 1024;

/// The options of every stage. A stage that has more derives its own options from these.
struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 5882;
  std::uint32_t max_message = default_max_message;  ///< Largest payload, in bytes.
  std::chrono::milliseconds read_timeout = std::chrono::seconds(60);  ///< 0: none.
  std::chrono::milliseconds drain_timeout = std::chrono::seconds(5);
  bool verbose = false;

  /// The address to listen on: `host` and `port`. The parser has checked that `host` is an address.
  Address address() const;
};

/// One line of a program's option table, which feeds the parser and --help.
struct OptionLine {
  std::string name;        ///< `--port`
  std::string value_name;  ///< `N`; empty for a flag, which takes no value
  std::string fallback;    ///< The default as a user writes it; empty if there is none to show
  std::string meaning;
  std::string takes;  ///< The valid values, for error messages: `a number from 0 to 65535`
  std::function<bool(std::string_view)> set;  ///< Returns false for an invalid value.
  std::string short_name = {};                ///< `-P`; empty if there is none
  bool repeats = false;  ///< A positional of which every value counts, not just the last.
};
using OptionTable = std::vector<OptionLine>;

/// The options that every stage has, with targets in `options`, which must outlive the table.
OptionTable stage_options(Options& options);

/// Lines for further options. Each writes to `target`, which holds the default and must outlive the
/// table.
OptionLine max_connections_option(std::size_t& target);
OptionLine workers_option(std::string meaning, std::size_t& target);
template <std::unsigned_integral T>
OptionLine number_option(std::string name, std::string value_name, std::string meaning, T& target,
                         std::uint64_t smallest, std::uint64_t largest);
OptionLine duration_option(std::string name, std::string meaning,
                           std::chrono::milliseconds& target);
OptionLine address_option(std::string name, std::string meaning, std::string& target);

/// An option without a value on the command line, which sets `target` to `value`.
template <typename T>
OptionLine flag_option(std::string name, std::string meaning, T& target,
                       std::type_identity_t<T> value = true);

/// Takes one of several words, of which the first is the default.
template <typename T>
OptionLine choice_option(std::string name, std::string value_name, std::string meaning, T& target,
                         std::vector<std::pair<std::string_view, T>> choices);

/// A program, as --help and the parser know it.
struct Program {
  std::string name;
  std::string summary;
  OptionTable options;
};

/// Reads the command line into the targets of the table's lines. nullopt if the program should go
/// on. Otherwise the exit status to end with: 0 after --help and --version, or 1 if they couldn't
/// be written; 2 after wrong usage. One line on stderr explains 1 and 2.
std::optional<int> parse_options(int argc, const char* const* argv, const Program& program);

template <typename T>
OptionLine flag_option(std::string name, std::string meaning, T& target,
                       std::type_identity_t<T> value) {
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

template <std::unsigned_integral T>
OptionLine number_option(std::string name, std::string value_name, std::string meaning, T& target,
                         std::uint64_t smallest, std::uint64_t largest) {
  return {.name = std::move(name),
          .value_name = std::move(value_name),
          .fallback = std::to_string(target),
          .meaning = std::move(meaning),
          .takes = "a number from " + std::to_string(smallest) + " to " + std::to_string(largest),
          .set = [&target, smallest, largest](std::string_view text) {
            const auto number = parse_number(text, smallest, largest);
            if (number) target = static_cast<T>(*number);
            return number.has_value();
          }};
}

template <typename T>
OptionLine choice_option(std::string name, std::string value_name, std::string meaning, T& target,
                         std::vector<std::pair<std::string_view, T>> choices) {
  std::string takes = "one of";
  for (const auto& [word, value] : choices) takes.append(" ").append(word);
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

}  // namespace common
