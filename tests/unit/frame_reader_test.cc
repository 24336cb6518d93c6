// tests/fuzz cuts a stream anywhere, so this file doesn't.
#include "common/frame_reader.h"

#include <gmock/gmock.h>

#include <limits>
#include <string>
#include <vector>

#include "bytes.h"
#include "slices.h"

namespace {

using common::Error;
using common::FrameReader;
using testing::ElementsAre;
using testing::IsEmpty;
using tests::bytes;
using tests::frame;
using tests::frames;
using tests::Slices;

constexpr std::uint32_t payload_bytes_max = 65'536;

/// The messages of a stream, and how it ended.
struct Outcome {
  std::vector<std::string> messages;
  std::error_code error;  ///< From next(), which isn't called again after an error.
  std::error_code end;    ///< From finish().
};

/// Asks for messages until there are no more. Returns false on an error.
bool read_all(FrameReader& reader, Outcome& outcome) {
  while (true) {
    const auto next = reader.next();
    if (!next) {
      outcome.error = next.error();
      return false;
    }
    if (!*next) return true;
    outcome.messages.push_back(tests::text(**next));
  }
}

Outcome read(const Slices& slices, std::uint32_t largest = payload_bytes_max) {
  FrameReader reader(largest);
  Outcome outcome;
  for (const auto slice : slices) {
    reader.feed(bytes(slice));
    if (!read_all(reader, outcome)) return outcome;
  }
  if (const auto finished = reader.finish(); !finished) outcome.end = finished.error();
  return outcome;
}

TEST(AppendFrame, WritesALittleEndianLengthAndThenThePayload) {
  common::Bytes out;
  common::append_frame(bytes("you"), out);
  EXPECT_EQ(tests::text(out), std::string("\3\0\0\0you", 7));

  const std::string large(0x00010203, 'x');
  out.clear();
  common::append_frame(bytes(large), out);
  EXPECT_EQ(tests::text(out), std::string("\3\2\1\0", 4) + large);
}

TEST(AppendFrame, AppendsAfterTheBytesThatAreThere) {
  common::Bytes out;
  common::append_frame(bytes("first"), out);
  common::append_frame(bytes(""), out);
  EXPECT_EQ(tests::text(out), frames({"first", ""}));
}

TEST(FrameReader, FindsSeveralMessagesInOneSlice) {
  EXPECT_THAT(read(tests::whole(frames({"hello", "", "you"}))).messages,
              ElementsAre("hello", "", "you"));
}

TEST(FrameReader, TakesAnEmptyMessageForAMessage) {
  const auto outcome = read(tests::whole(frame("")));
  EXPECT_THAT(outcome.messages, ElementsAre(""));
  EXPECT_EQ(outcome.end, std::error_code());
}

TEST(FrameReader, TakesTheLargestMessageAndRefusesOneByteMore) {
  for (const std::uint32_t largest : {0U, 1U, 1000U}) {
    const std::string fits(largest, 'x');
    EXPECT_THAT(read(tests::whole(frame(fits)), largest).messages, ElementsAre(fits));
    EXPECT_THAT(read(tests::byte_by_byte(frame(fits)), largest).messages, ElementsAre(fits));
    EXPECT_EQ(read(tests::whole(frame(fits + 'x')), largest).error, Error::too_long);
    EXPECT_EQ(read(tests::byte_by_byte(frame(fits + 'x')), largest).error, Error::too_long);
  }
}

// Waiting for more would let an announcement hold the connection open, and the memory with it.
TEST(FrameReader, RefusesTooLongAMessageAtTheFourthByte) {
  // From 0xFFFFFFFC on, adding the header's four in 32 bits gives 0 to 3, which looks complete.
  for (const std::uint32_t announced :
       {payload_bytes_max + 1, 0x7FFFFFFFU, 0xFFFFFFFBU, 0xFFFFFFFCU, 0xFFFFFFFFU}) {
    const std::string length = tests::length(announced);
    EXPECT_EQ(read({length}).error, Error::too_long) << announced;
    EXPECT_EQ(read(tests::byte_by_byte(length)).error, Error::too_long) << announced;
    const auto three_bytes = read({std::string_view(length).substr(0, 3)});
    EXPECT_EQ(three_bytes.error, std::error_code()) << announced;
    EXPECT_EQ(three_bytes.end, Error::cut_short) << announced;
  }
}

TEST(FrameReader, WaitsForTheWholeOfALengthThatWouldWrapIn32Bits) {
  constexpr auto no_limit = std::numeric_limits<std::uint32_t>::max();
  for (const std::uint32_t announced : {0xFFFFFFFBU, 0xFFFFFFFCU, 0xFFFFFFFFU}) {
    const std::string stream = tests::length(announced) + "some";
    for (const Slices& slices : {tests::whole(stream), tests::byte_by_byte(stream)}) {
      const auto outcome = read(slices, no_limit);
      EXPECT_THAT(outcome.messages, IsEmpty()) << announced;
      EXPECT_EQ(outcome.error, std::error_code()) << announced;
      EXPECT_EQ(outcome.end, Error::cut_short) << announced;
    }
  }
}

TEST(FrameReader, ReturnsTheMessagesBeforeOneThatIsTooLong) {
  const std::string stream = frames({"one", "two"}) + tests::length(payload_bytes_max + 1);
  for (const Slices& slices : {tests::whole(stream), tests::byte_by_byte(stream)}) {
    const auto outcome = read(slices);
    EXPECT_THAT(outcome.messages, ElementsAre("one", "two"));
    EXPECT_EQ(outcome.error, Error::too_long);
  }
}

TEST(FrameReader, TellsAnEndBetweenMessagesFromOneInside) {
  const std::string stream = frames({"hello", "", "you"});
  const std::vector<std::size_t> boundaries = {0, 9, 13, 20};
  for (std::size_t end = 0; end <= stream.size(); ++end) {
    const bool boundary = std::ranges::find(boundaries, end) != boundaries.end();
    const auto expected = boundary ? std::error_code() : make_error_code(Error::cut_short);
    const std::string_view arrived = std::string_view(stream).substr(0, end);
    EXPECT_EQ(read(tests::whole(arrived)).end, expected) << "after " << end << " bytes";
    EXPECT_EQ(read(tests::byte_by_byte(arrived)).end, expected) << "after " << end << " bytes";
  }
}

TEST(FrameReader, AnEmptySliceChangesNothing) {
  EXPECT_EQ(read({"", frame("a"), "", frame("b").substr(0, 4), "", "b", ""}).messages,
            read({frames({"a", "b"})}).messages);
}

TEST(FrameReader, PointsIntoTheLentBytesWhenAMessageIsWholeInThem) {
  const std::string stream = frames({"hello", "you"});
  FrameReader reader(payload_bytes_max);
  reader.feed(bytes(stream));
  const auto first = reader.next();
  ASSERT_TRUE(first.has_value() && first->has_value());
  EXPECT_EQ((*first)->data(), bytes(stream).data() + 4) << "copied without need";
  const auto second = reader.next();
  ASSERT_TRUE(second.has_value() && second->has_value());
  EXPECT_EQ((*second)->data(), bytes(stream).data() + 13) << "copied without need";
}

}  // namespace
