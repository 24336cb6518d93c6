// That a line may be cut anywhere, tests/fuzz and tests/finger try.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>

#include "finger/protocol/query.h"

namespace {

using finger::Error;
using finger::query_bytes_max;
using finger::QueryReader;

/// Receives one slice, as often as it takes; false: the reader wants no more.
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

/// The line, or why there is none.
std::string read(std::string_view stream) {
  QueryReader reader;
  (void)receive(reader, stream);
  const auto line = reader.line();
  if (line && *line) return std::string(**line);
  return "error: " + reader.finish().error().message();
}

const std::string too_long = "error: " + make_error_code(Error::query_too_long).message();
const std::string cut_short = "error: " + make_error_code(Error::unexpected_eof).message();

TEST(QueryReader, TakesACrForTheEndInFrontOfAnLfOnly) {
  EXPECT_EQ(read("ali\rce\r\n"), "ali\rce");
  EXPECT_EQ(read("alice\r\r\n"), "alice\r");
  EXPECT_EQ(read("\ralice\n"), "\ralice");
}

TEST(QueryReader, KeepsEveryOtherByte) {
  std::string line;
  for (int value = 0; value < 256; ++value) {
    if (value != '\n') line += static_cast<char>(value);
  }
  EXPECT_EQ(read(line + "\r\n"), line);
}

/// So many bytes, and an end.
std::string exes(std::size_t size, std::string_view end) {
  std::string line(size, 'x');
  line += end;
  return line;
}

TEST(QueryReader, Takes1024BytesAndNotOneMore) {
  for (const std::string end : {"\n", "\r\n"}) {
    EXPECT_EQ(read(exes(1023, end)), exes(1023, ""));
    EXPECT_EQ(read(exes(1024, end)), exes(1024, ""));
    EXPECT_EQ(read(exes(1025, end)), too_long);
    EXPECT_EQ(read(exes(5000, end)), too_long);
  }
  EXPECT_EQ(read(exes(1023, "\r\r\n")), exes(1023, "\r"));
  EXPECT_EQ(read(exes(1024, "\r\r\n")), too_long);
  EXPECT_EQ(read(exes(1024, "\rx\n")), too_long);
  EXPECT_EQ(read(exes(1024, "\r")), cut_short);
  EXPECT_EQ(read(exes(1024, "\r\r")), too_long) << "without waiting for the end of the line";
}

TEST(QueryReader, ShowsWhatHasComeOfALineForTheLog) {
  QueryReader reader;
  EXPECT_EQ(reader.begun(), "");
  EXPECT_TRUE(receive(reader, "/W al"));
  EXPECT_EQ(reader.begun(), "/W al");
  EXPECT_TRUE(receive(reader, "ice\r"));
  EXPECT_EQ(reader.begun(), "/W alice\r") << "nobody knows yet whether the line ends";
  EXPECT_TRUE(receive(reader, "\nbob"));
  EXPECT_EQ(reader.begun(), "/W alice");

  QueryReader flooded;
  EXPECT_FALSE(receive(flooded, std::string(5000, 'x')));
  EXPECT_EQ(flooded.begun(), std::string(1026, 'x'));
}

// Held by each client that has connected and not yet asked.
TEST(QueryReader, HoldsItsBytesAndLittleElse) {
  static_assert(sizeof(QueryReader) <= query_bytes_max + 16);
  static_assert(std::is_trivially_destructible_v<QueryReader>, "no memory but its own");
  static_assert(!std::is_copy_constructible_v<QueryReader>, "a line is a view into it");
  QueryReader reader;
  EXPECT_EQ(reader.space().size(), 1026U);
}

}  // namespace
