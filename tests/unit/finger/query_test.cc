#include "finger/server/protocol/query.h"

#include <gmock/gmock.h>

#include <string>

#include "expect.h"

namespace {

using finger::Error;
using finger::parse_query;
using finger::Query;
using finger::query_bytes_max;
using tests::FailedWith;
using tests::Is;
using namespace std::string_literals;

TEST(ParseQuery, TakesANameAsItIs) {
  for (const auto* name : {"alice", "Alice", "a", "a.b-c_d", "42", "../x", ".", "..", "-", "-l",
                           "a/b", "\\", "%s", "'", "josé", "日本", "🙂"}) {
    EXPECT_THAT(parse_query(name), Is(Query{.user = name})) << name;
  }
}

TEST(ParseQuery, KeepsSpacesInsideAName) {
  EXPECT_THAT(parse_query(" alice  b "), Is(Query{.user = "alice  b"}));
}

TEST(ParseQuery, TakesTheSwitchInFrontAndOnce) {
  EXPECT_THAT(parse_query("alice /W"), Is(Query{.user = "alice /W"}));
  EXPECT_THAT(parse_query("/W /W"), Is(Query{.user = "/W", .verbose = true}));
  EXPECT_THAT(parse_query("/W /W alice"), Is(Query{.user = "/W alice", .verbose = true}));
}

TEST(ParseQuery, RefusesEveryControlCharacter) {
  for (unsigned value = 0; value <= 0x9F; ++value) {
    if (value == 0x20) value = 0x7F;
    // C1 in UTF-8: two bytes. A byte alone is no UTF-8, and refused for that.
    const auto character = value < 0x80 ? std::string(1, static_cast<char>(value))
                                        : "\xC2"s + static_cast<char>(value);
    EXPECT_THAT(parse_query("a" + character + "b"), FailedWith(Error::invalid_query)) << value;
    EXPECT_THAT(parse_query("/W a" + character + "b"), FailedWith(Error::invalid_query)) << value;
    if (character == "\t") continue;  // a blank, where it is around a name
    EXPECT_THAT(parse_query(character), FailedWith(Error::invalid_query)) << value;
    EXPECT_THAT(parse_query("a" + character), FailedWith(Error::invalid_query)) << value;
    EXPECT_THAT(parse_query("/W" + character), FailedWith(Error::invalid_query)) << value;
  }
  EXPECT_THAT(parse_query("\xC2\xA0"), Is(Query{.user = "\xC2\xA0"})) << "the first behind C1";
}

TEST(ParseQuery, RefusesWhatIsNotUtf8) {
  for (const auto& line :
       {"\xFF"s, "jos\xE9"s, "\x80"s, "\xC3"s, "\xE2\x82"s, "\xF0\x9F\x99"s, "\xC0\xAF"s,
        "\xE0\x80\xAF"s, "\xF0\x80\x80\xAF"s, "\xED\xA0\x80"s, "\xF4\x90\x80\x80"s,
        "\xF8\x88\x80\x80\x80"s, "\xFE"s, "a\xC3 b"s, "/W \xE9"s}) {
    EXPECT_THAT(parse_query(line), FailedWith(Error::invalid_query))
        << testing::PrintToString(line);
  }
}

TEST(ParseQuery, RefusesMoreThan1024Bytes) {
  ASSERT_EQ(query_bytes_max, 1024U);
  const std::string longest(1024, 'x');
  EXPECT_THAT(parse_query(longest), Is(Query{.user = longest}));
  EXPECT_THAT(parse_query(longest + 'x'), FailedWith(Error::query_too_long));
  EXPECT_THAT(parse_query(std::string(1025, ' ')), FailedWith(Error::query_too_long))
      << "before its end, blanks count, too";
}

TEST(ParseQuery, SaysTheFirstOfSeveralThatAreWrong) {
  EXPECT_THAT(parse_query("\n@" + std::string(1023, 'x')), FailedWith(Error::query_too_long));
  EXPECT_THAT(parse_query("@\n"), FailedWith(Error::invalid_query));
  EXPECT_THAT(parse_query("alice@\xFF"), FailedWith(Error::invalid_query));
}

TEST(ParseQuery, PointsIntoTheLine) {
  const std::string line = "/W  alice ";
  const auto query = parse_query(line);
  ASSERT_TRUE(query.has_value());
  EXPECT_EQ(query->user.data(), line.data() + 4);
}

}  // namespace
