// tests/fuzz and tests/finger cut a line anywhere, so this file doesn't.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "finger/protocol/query.h"

namespace {

using finger::query_bytes_max;
using finger::QueryReader;
using namespace std::string_view_literals;

/// Receives one slice, in as many steps as it takes. Returns false if the reader wants no more.
bool receive(QueryReader& reader, std::string_view slice) {
  while (!slice.empty()) {
    const auto line = reader.line();
    if (!line || *line) return false;
    const auto space = reader.space();
    if (space.empty()) {
      ADD_FAILURE() << "it wants more and has no room";
      return false;
    }
    const std::size_t size = std::min(space.size(), slice.size());
    std::memcpy(space.data(), slice.data(), size);
    reader.commit(size);
    slice.remove_prefix(size);
  }
  return true;
}

/// Returns the line, or the reason why there is none, when the stream has ended.
std::string read_line(std::string_view stream) {
  QueryReader reader;
  (void)receive(reader, stream);
  const auto finished = reader.finish();
  return finished ? std::string(*finished) : "error: " + finished.error().message();
}

// A telnet client sends CR NUL for the Enter key, and a terminal in raw mode turns CRLF into CR CR
// LF.
TEST(QueryReader, TakesEveryEndThatAClientMaySend) {
  for (const auto end :
       {"\n"sv, "\r\n"sv, "\r"sv, "\r\0"sv, "\r\r\n"sv, "\r\nmore"sv, "\rmore"sv}) {
    std::string stream = "alice";
    stream += end;
    QueryReader reader;
    (void)receive(reader, stream);
    EXPECT_EQ(reader.line()->value_or("none yet"), "alice");
    EXPECT_EQ(read_line(end), "");
  }
}

TEST(QueryReader, KeepsEveryOtherByte) {
  std::string line;
  for (int value = 0; value < 256; ++value) {
    if (value != '\n' && value != '\r') line += static_cast<char>(value);
  }
  EXPECT_EQ(read_line(line + "\r\n"), line);
}

TEST(QueryReader, ShowsAnIncompleteLineForTheLog) {
  QueryReader reader;
  EXPECT_EQ(reader.begun(), "");
  EXPECT_TRUE(receive(reader, "/W al"));
  EXPECT_EQ(reader.begun(), "/W al");
  EXPECT_TRUE(receive(reader, "ice\r\nbob"));
  EXPECT_EQ(reader.begun(), "/W alice");

  QueryReader flooded;
  EXPECT_FALSE(receive(flooded, std::string(5000, 'x')));
  EXPECT_EQ(flooded.begun(), std::string(1025, 'x'));
}

/// Returns `user|host`, after `/W ` if that's given, or the reason why it's not a query.
std::string parse(std::string_view line) {
  const auto query = finger::parse_query(line);
  if (!query) return "error: " + query.error().message();
  const std::string text = (query->verbose ? "/W " : "") + std::string(query->user);
  return query->host ? text + "|" + std::string(*query->host) : text;
}

// Only the caller knows whether that is this host.
TEST(Query, HasAHostAfterItsOnlyAt) {
  EXPECT_EQ(parse("alice@192.0.2.1"), "alice|192.0.2.1");
  EXPECT_EQ(parse("/W alice@[2001:db8::1]"), "/W alice|[2001:db8::1]");
  EXPECT_EQ(parse("@192.0.2.1"), "|192.0.2.1");
  EXPECT_EQ(parse("alice@"), "alice|");
  EXPECT_EQ(parse(" alice @ here "), "alice|here");
  EXPECT_EQ(parse("alice"), "alice");
  for (const auto* line : {"alice@a@b", "@@", "@a@", "alice@@a"}) {
    EXPECT_EQ(parse(line), "error: relay access denied") << line;
  }
  EXPECT_EQ(parse("alice@h\x1B"), "error: invalid query");
}

// Each client that has connected, but hasn't sent its query, holds a reader.
TEST(QueryReader, HoldsItsBytesAndLittleElse) {
  static_assert(sizeof(QueryReader) <= query_bytes_max + 16);
  static_assert(std::is_trivially_destructible_v<QueryReader>, "no memory but its own");
  static_assert(!std::is_copy_constructible_v<QueryReader>, "a line is a view into it");
  QueryReader reader;
  EXPECT_EQ(reader.space().size(), 1025U);
}

}  // namespace
