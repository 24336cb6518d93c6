#include "common/server/options.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "captured.h"

namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

enum class Food { plain, rich, none };

/// Those of every stage, and one of each kind beside them.
struct Options : common::Options {
  std::size_t max_connections = common::default_max_connections;
  std::size_t workers = 0;
  Food food = Food::plain;
};

/// What came of a command line.
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

TEST(Options, HaveTheContractsDefaults) {
  const auto parsed = parse({});
  EXPECT_EQ(parsed.status, std::nullopt);
  EXPECT_EQ(parsed.err, "");
  EXPECT_EQ(parsed.options.host, "127.0.0.1");
  EXPECT_EQ(parsed.options.port, 5882);
  EXPECT_EQ(parsed.options.max_message, 65'536U);
  EXPECT_EQ(parsed.options.max_connections, 4096U);
  EXPECT_EQ(parsed.options.read_timeout, 60s);
  EXPECT_EQ(parsed.options.drain_timeout, 5s);
  EXPECT_EQ(parsed.options.workers, 0U);
  EXPECT_EQ(parsed.options.food, Food::plain);
  EXPECT_FALSE(parsed.options.verbose);
}

void expect_all_set(const Parsed& parsed) {
  EXPECT_EQ(parsed.status, std::nullopt);
  EXPECT_EQ(parsed.err + parsed.out, "");
  EXPECT_EQ(parsed.options.host, "::1");
  EXPECT_EQ(parsed.options.port, 0);
  EXPECT_EQ(parsed.options.max_message, 4'294'967'295U);
  EXPECT_EQ(parsed.options.max_connections, 1U);
  EXPECT_EQ(parsed.options.read_timeout, 250ms);
  EXPECT_EQ(parsed.options.drain_timeout, 2min);
  EXPECT_EQ(parsed.options.workers, 4U);
  EXPECT_EQ(parsed.options.food, Food::rich);
  EXPECT_TRUE(parsed.options.verbose);
}

TEST(Options, TakeTheirValuesAsTheNextArgument) {
  expect_all_set(parse({"--host", "::1", "--port", "0", "--max-message", "4294967295",
                        "--max-connections", "1", "--read-timeout", "250ms", "--drain-timeout",
                        "2m", "--workers", "4", "--food", "rich", "--verbose"}));
}

TEST(Options, TakeTheirValuesBehindAnEqualsSign) {
  expect_all_set(parse({"--host=::1", "--port=0", "--max-message=4294967295", "--max-connections=1",
                        "--read-timeout=250ms", "--drain-timeout=2m", "--workers=4", "--food=rich",
                        "--verbose"}));
}

TEST(Options, TakeTheLastValueOfSeveral) {
  EXPECT_EQ(parse({"--port", "1", "--port=2"}).options.port, 2);
}

TEST(Options, TakeEachOfSeveralWordsThatBelongToNoOption) {
  common::Options options;
  std::vector<std::string> words;
  auto table = common::stage_options(options);
  table.push_back({.name = "word",
                   .value_name = "WORD",
                   .fallback = "",
                   .meaning = "what is left",
                   .takes = "a word",
                   .set =
                       [&words](std::string_view text) {
                         words.emplace_back(text);
                         return true;
                       },
                   .repeats = true});
  const common::Program program{.name = "it", .summary = "Is it.", .options = std::move(table)};
  const std::array arguments{"it", "one", "--port", "7", "two", "--verbose", "--", "--three"};
  EXPECT_EQ(common::parse_options(arguments.size(), arguments.data(), program), std::nullopt);
  EXPECT_EQ(words, (std::vector<std::string>{"one", "two", "--three"}));
  EXPECT_EQ(options.port, 7);
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
      {{"--host", ""}, "--host"},
      {{"--food", "RICH"}, "--food", "plain rich none"},
      // without its value
      {{"--port"}, "--port", port},
      {{"--port="}, "--port", port},
      {{"--port", "--verbose"}, "--port", port},
      {{"--host", "--verbose"}, "--host", "an IPv4 or IPv6 address"},
      // with one that it does not take
      {{"--verbose=yes"}, "--verbose", "takes no value"},
      {{"--verbose", "yes"}, "yes"},
      // what the program does not have
      {{"--unknown"}, "--unknown"},
      {{"--unknown=1"}, "--unknown"},
      {{"--por", "1"}, "--por"},
      {{"--PORT", "1"}, "--PORT"},
      {{"-h"}, "-h"},
      {{"-p", "1"}, "-p"},
      {{"5882"}, "5882"},
      {{"--port", "1", "2"}, "2"},
      // whatever it was given
      {{"--no\nsuch\n\noption"}, "option"},
      {{"a\nb"}, ""},
      {{"--food", "a\nb"}, "--food"},
  };
  for (const auto& [arguments, named, takes] : cases) {
    const auto parsed = parse(arguments);
    const auto shown = testing::PrintToString(arguments);
    EXPECT_EQ(parsed.status, 2) << shown;
    EXPECT_EQ(parsed.out, "") << shown;
    EXPECT_THAT(parsed.err, AllOf(StartsWith("a-stage: "), HasSubstr(named), HasSubstr(takes)));
    EXPECT_EQ(std::ranges::count(parsed.err, '\n'), 1) << shown << " says\n" << parsed.err;
  }
}

/// What a program of its own may have.
struct Own {
  std::string address = "::";
  std::uint16_t port = 79;
  bool list = true;
};

common::Program program_of_its_own(Own& own) {
  auto address = common::address_option("--addr", "address to listen on", own.address);
  address.short_name = "-B";
  auto port = common::number_option("--port", "N", "port to listen on", own.port, 0, 65'535);
  port.short_name = "-P";
  auto no_list = common::flag_option("--no-list", "tell nobody", own.list, false);
  return {.name = "a-program",
          .summary = "Does something else.",
          .options = {std::move(address), std::move(port), std::move(no_list)}};
}

std::optional<int> parse_own(std::vector<const char*> arguments, Own& own) {
  arguments.insert(arguments.begin(), "./build/a-program");
  return common::parse_options(static_cast<int>(arguments.size()), arguments.data(),
                               program_of_its_own(own));
}

TEST(OptionsOfAProgramsOwn, HaveShortNamesTooAndWriteWhereTheProgramSays) {
  for (const auto& arguments : std::vector<std::vector<const char*>>{
           {"-B", "::1", "-P", "7979"}, {"-B::1", "-P7979"}, {"--addr", "::1", "--port=7979"}}) {
    Own own;
    EXPECT_EQ(parse_own(arguments, own), std::nullopt);
    EXPECT_EQ(own.address, "::1");
    EXPECT_EQ(own.port, 7979);
    EXPECT_TRUE(own.list) << "untouched";
  }
  Own own;
  EXPECT_EQ(parse_own({"--no-list"}, own), std::nullopt);
  EXPECT_FALSE(own.list);
}

TEST(OptionsOfAProgramsOwn, AreNamedInFullByAComplaint) {
  for (const auto& arguments :
       std::vector<std::vector<const char*>>{{"-P", "65536"}, {"-P", "http"}, {"-P"}, {"-P="}}) {
    Own own;
    std::optional<int> status;
    const auto complaint = tests::stderr_of([&] { status = parse_own(arguments, own); });
    EXPECT_EQ(status, 2);
    EXPECT_EQ(complaint, "a-program: --port: takes a number from 0 to 65535 (try --help)\n");
  }
}

TEST(OptionsOfAProgramsOwn, ShowBothNamesInTheHelp) {
  Own own;
  testing::internal::CaptureStdout();
  EXPECT_EQ(parse_own({"--help"}, own), 0);
  // CLI11 2.5 and newer put the long names below each other.
  EXPECT_THAT(testing::internal::GetCapturedStdout(), ContainsRegex("-P, *--port N"));
}

TEST(Help, HoldsEveryLineOfTheTable) {
  const auto help = parse({"--help"}).out;
  Options options;
  for (const auto& line : program_with_all_options(options).options) {
    const auto at = help.find(line.name + ' ');
    ASSERT_NE(at, std::string::npos) << line.name << " is missing in\n" << help;
    const auto entry = help.substr(at, help.find("\n  --", at) - at);
    EXPECT_THAT(entry, AllOf(HasSubstr(line.value_name), HasSubstr(line.fallback)));
    std::string on_one_line = entry;
    std::erase(on_one_line, '\n');
    std::erase(on_one_line, ' ');
    std::string meaning = line.meaning;
    std::erase(meaning, ' ');
    EXPECT_THAT(on_one_line, HasSubstr(meaning)) << "of " << line.name;
  }
  EXPECT_THAT(help, AllOf(HasSubstr("--help"), HasSubstr("--version")));
}

}  // namespace
