#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>

#include "expect.h"
#include "finger/server/protocol/query.h"
#include "slices.h"

namespace {

using finger::Error;
using finger::query_bytes_max;
using finger::QueryReader;
using tests::Slices;
using namespace std::string_literals;

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

/// What a stream was read as.
struct Outcome {
  std::string line;
  std::error_code error;
  std::error_code end;  ///< Of finish().

  bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return out << testing::PrintToString(outcome.line) << ", error " << outcome.error << ", end "
             << outcome.end;
}

Outcome read(const Slices& slices) {
  QueryReader reader;
  for (const auto slice : slices) {
    if (!receive(reader, slice)) break;
  }
  Outcome outcome;
  const auto line = reader.line();
  if (!line) outcome.error = line.error();
  if (line && *line) outcome.line = **line;
  if (const auto finished = reader.finish(); !finished) outcome.end = finished.error();
  return outcome;
}

Outcome read(std::string_view stream) { return read(tests::whole(stream)); }

const Outcome too_long{"", Error::query_too_long, Error::query_too_long};
const Outcome cut_short{"", {}, Error::unexpected_eof};
Outcome complete(std::string line) { return {std::move(line), {}, {}}; }

TEST(QueryReader, TakesACrForTheEndInFrontOfAnLfOnly) {
  EXPECT_EQ(read("ali\rce\r\n"), complete("ali\rce"));
  EXPECT_EQ(read("alice\r\r\n"), complete("alice\r"));
  EXPECT_EQ(read("\ralice\n"), complete("\ralice"));
}

TEST(QueryReader, KeepsEveryOtherByte) {
  std::string line;
  for (int value = 0; value < 256; ++value) {
    if (value != '\n') line += static_cast<char>(value);
  }
  EXPECT_EQ(read(line + "\r\n"), complete(line));
}

/// So many bytes, and an end.
std::string exes(std::size_t size, std::string_view end) {
  std::string line(size, 'x');
  line += end;
  return line;
}

TEST(QueryReader, Takes1024BytesAndNotOneMore) {
  for (const std::string end : {"\n", "\r\n"}) {
    EXPECT_EQ(read(exes(1023, end)), complete(exes(1023, "")));
    EXPECT_EQ(read(exes(1024, end)), complete(exes(1024, "")));
    EXPECT_EQ(read(exes(1025, end)), too_long);
    EXPECT_EQ(read(exes(5000, end)), too_long);
  }
  EXPECT_EQ(read(exes(1023, "\r\r\n")), complete(exes(1023, "\r")));
  EXPECT_EQ(read(exes(1024, "\r\r\n")), too_long);
  EXPECT_EQ(read(exes(1024, "\rx\n")), too_long);
}

// Waiting for the end of the line would hold the connection for as long as a peer likes.
TEST(QueryReader, RefusesTooLongALineAtTheFirstByteThatIsNoEnd) {
  const std::string longest(1024, 'x');
  EXPECT_EQ(read(longest), cut_short);
  EXPECT_EQ(read(longest + "x"), too_long);
  EXPECT_EQ(read(longest + "\r"), cut_short);
  EXPECT_EQ(read(longest + "\rx"), too_long);
  EXPECT_EQ(read(longest + "\r\r"), too_long);
}

TEST(QueryReader, ReadsTheSameWhereverAStreamIsCutInTwo) {
  const std::string longest(1024, 'x');
  for (const auto& stream :
       {"/W alice\r\n"s, "alice\n"s, "\r\n"s, "a\r\r\nb\n"s, longest + "\r\n", longest + "\n",
        longest + "x\r\n", longest + "\rx\n", longest + "\r", longest + "x"}) {
    const auto expected = read(stream);
    for (std::size_t at = 0; at <= stream.size(); ++at) {
      ASSERT_EQ(read(tests::cut_at(stream, at)), expected) << "cut at " << at;
    }
    ASSERT_EQ(read(tests::byte_by_byte(stream)), expected);
  }
}

TEST(QueryReader, ReadsTheSameInAllSlicingsOfAShortStream) {
  const auto stream = "/W bo\r\r\na\n"s;
  for (std::uint64_t cuts = 0; cuts < 1U << (stream.size() - 1); ++cuts) {
    ASSERT_EQ(read(tests::cut_by_bits(stream, cuts)), complete("/W bo\r")) << "cuts " << cuts;
  }
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
