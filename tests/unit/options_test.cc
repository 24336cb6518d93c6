// The messages about wrong usage. tests/protocol checks which options are taken, and --help.
#include "common/server/options.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "captured.h"

namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

enum class Food { plain, rich, none };

/// The options that every stage has, and one of each other kind.
struct Options : common::Options {
  std::size_t max_connections = common::default_max_connections;
  std::size_t workers = 0;
  Food food = Food::plain;
};

/// The result of parsing a command line.
struct Parsed {
  Options options;
  std::optional<int> status;
  std::string out;
  std::string err;
};

common::Program program_with_all_options(Options& options) {
  auto table = common::stage_options(options);
  table.push_back(common::max_connections_option(options.max_connections));
  table.push_back(common::workers_option("so many event loops", options.workers));
  table.push_back(common::choice_option<Food>(
      "--food", "NAME", "plain, rich or none", options.food,
      {{"plain", Food::plain}, {"rich", Food::rich}, {"none", Food::none}}));
  table.back().short_name = "-F";
  return {.name = "a-stage", .summary = "Does something.", .options = std::move(table)};
}

Parsed parse(std::vector<const char*> arguments) {
  Parsed parsed;
  const auto program = program_with_all_options(parsed.options);
  arguments.insert(arguments.begin(), "./build/a-stage");
  testing::internal::CaptureStdout();
  parsed.err = tests::stderr_of([&] {
    parsed.status =
        common::parse_options(static_cast<int>(arguments.size()), arguments.data(), program);
  });
  parsed.out = testing::internal::GetCapturedStdout();
  return parsed;
}

TEST(Options, ExplainWrongUsageInOneLineThatNamesTheOption) {
  const std::string port = "a number from 0 to 65535";
  struct {
    std::vector<const char*> arguments;
    std::string named;
    std::string takes = "";
  } const cases[] = {
      {{"--port", "65536"}, "--port", port},
      {{"--port", "99999999999999999999"}, "--port", port},
      {{"--max-message", "4294967296"}, "--max-message", "0 to 4294967295"},
      {{"--max-connections", "0"}, "--max-connections", "a number from 1 to"},
      {{"--workers", "0"}, "--workers", "a number from 1 to"},
      {{"--read-timeout", "10"}, "--read-timeout", "250ms"},
      {{"--drain-timeout", "1h"}, "--drain-timeout", "250ms"},
      {{"--host", "localhost"}, "--host", "IPv4 or IPv6"},
      {{"--host", "[::1]"}, "--host", "without brackets"},
      {{"--host", "fe80::1%lo"}, "--host", "or %interface, so no link-local one"},
      {{"--host", ""}, "--host"},
      {{"--food", "RICH"}, "--food", "plain rich none"},
      // by its short name
      {{"-F", "RICH"}, "--food", "plain rich none"},
      {{"-F"}, "--food", "plain rich none"},
      {{"-F="}, "--food", "plain rich none"},
      // without its value
      {{"--port"}, "--port", port},
      {{"--port="}, "--port", port},
      {{"--port", "--verbose"}, "--port", port},
      {{"--host", "--verbose"}, "--host", "an IPv4 or IPv6 address"},
      // with a value that it doesn't take
      {{"--verbose=yes"}, "--verbose", "takes no value"},
      {{"--verbose", "yes"}, "yes"},
      // not an option of this program, or a word too many
      {{"--unknown"}, "--unknown"},
      {{"--unknown=1"}, "--unknown"},
      {{"--unknown", "1"}, "not expected: --unknown 1"},
      {{"--por", "1"}, "--por"},
      {{"--PORT", "1"}, "--PORT"},
      {{"-h"}, "-h"},
      {{"-p", "1"}, "-p"},
      {{"5882"}, "5882"},
      {{"--port", "1", "2"}, "2"},
      // with control characters
      {{"--no\nsuch\n\noption"}, "option"},
      {{"a\nb"}, ""},
      {{"--food", "a\nb"}, "--food"},
      {{"--\x1b[31mred"}, "--\\x1b[31mred"},
  };
  for (const auto& [arguments, named, takes] : cases) {
    const auto parsed = parse(arguments);
    const auto shown = testing::PrintToString(arguments);
    EXPECT_EQ(parsed.status, 2) << shown;
    EXPECT_EQ(parsed.out, "") << shown;
    EXPECT_EQ(parsed.options.host, common::Options().host) << shown;
    EXPECT_THAT(parsed.err, AllOf(StartsWith("a-stage: "), HasSubstr(named), HasSubstr(takes)));
    EXPECT_EQ(std::ranges::count(parsed.err, '\n'), 1) << shown << " says\n" << parsed.err;
  }
}

}  // namespace
