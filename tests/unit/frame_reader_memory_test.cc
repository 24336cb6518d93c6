#include <gmock/gmock.h>

#include <string>

#include "allocations.h"
#include "bytes.h"
#include "common/frame_reader.h"
#include "slices.h"

namespace {

using common::FrameReader;
using tests::Allocations;
using tests::bytes;
using tests::frame;

constexpr std::uint32_t large_payload_bytes = 1'000'000;
constexpr std::ptrdiff_t header_bytes = common::header_bytes;

/// Lends the slice and asks for messages until there are no more. Returns how many there were.
int read(FrameReader& reader, std::string_view slice) {
  reader.feed(bytes(slice));
  int messages = 0;
  while (true) {
    const auto next = reader.next();
    if (!next || !*next) return messages;
    ++messages;
  }
}

TEST(FrameReaderMemory, AnAnnouncedLengthCostsNothingUntilBytesArrive) {
  const std::string announcement = tests::length(large_payload_bytes);
  FrameReader reader(large_payload_bytes);
  const Allocations allocations;
  read(reader, announcement);
  EXPECT_LE(allocations.peak_bytes(), 64) << "for 4 bytes that arrived";
}

TEST(FrameReaderMemory, GrowsByDoublingAsBytesArrive) {
  const std::string stream = frame(std::string(large_payload_bytes, 'x'));
  const auto slices = tests::in_pieces_of(1000, std::string_view(stream).substr(0, 900'000));
  FrameReader reader(large_payload_bytes);
  const Allocations allocations;
  std::ptrdiff_t arrived = 0;
  for (const auto slice : slices) {
    read(reader, slice);
    arrived += static_cast<std::ptrdiff_t>(slice.size());
    // malloc rounds up, and for large blocks to whole pages.
    ASSERT_LE(allocations.held_bytes(), 2 * arrived + 8192);
  }
  EXPECT_LE(allocations.made(), 25U) << "once per slice, or per byte, would be quadratic";
}

TEST(FrameReaderMemory, NeverHoldsMoreThanTwiceTheLargestMessage) {
  const std::string stream = frame(std::string(large_payload_bytes, 'x'));
  for (const std::size_t slice_bytes : {700U, 16'384U, 700'000U}) {
    const auto slices = tests::in_pieces_of(slice_bytes, stream);
    FrameReader reader(large_payload_bytes);
    const Allocations allocations;
    for (const auto slice : slices) {
      read(reader, slice);
      ASSERT_LE(allocations.held_bytes(), 2 * (header_bytes + large_payload_bytes) + 8192);
    }
  }
}

TEST(FrameReaderMemory, GivesEverythingBackBetweenMessages) {
  const std::string message = frame(std::string(100'000, 'x'));
  FrameReader reader(large_payload_bytes);
  const Allocations allocations;
  for (std::size_t at = 0; at <= message.size(); at += 997) {
    int messages = 0;
    for (const auto slice : tests::cut_at(message, at)) messages += read(reader, slice);
    ASSERT_EQ(messages, 1);
    ASSERT_EQ(allocations.held_bytes(), 0) << "cut at " << at;
  }
}

TEST(FrameReaderMemory, GivesTheMemoryOfAMessageAwayAndReadsOn) {
  const std::string message = frame(std::string(100'000, 'x'));
  const std::string stream = message + frame("next");
  FrameReader reader(large_payload_bytes);
  const Allocations allocations;
  {
    read(reader, std::string_view(stream).substr(0, 50'000));
    reader.feed(bytes(stream).subspan(50'000));
    const auto payload = reader.next();
    ASSERT_TRUE(payload.has_value() && payload->has_value());
    ASSERT_FALSE(reader.was_in_place());
    const auto given = reader.release();
    EXPECT_EQ(given.data() + header_bytes, (*payload)->data());
    EXPECT_EQ(tests::text(given), message);
    EXPECT_FALSE(reader.inside_message());
    const auto next = reader.next();
    ASSERT_TRUE(next.has_value() && next->has_value());
    EXPECT_EQ(tests::text(**next), "next");
    EXPECT_GE(allocations.held_bytes(), 100'000) << "or this test sees nothing";
  }
  EXPECT_EQ(allocations.held_bytes(), 0) << "the reader still has some of it";
}

TEST(FrameReaderMemory, AllocatesNothingForMessagesThatAreWholeInTheLentBytes) {
  std::string stream;
  for (std::size_t size = 0; size < 100; ++size) stream += frame(std::string(size, 'x'));
  FrameReader reader(large_payload_bytes);
  const Allocations allocations;
  const int messages = read(reader, stream);
  EXPECT_EQ(allocations.made(), 0U);
  EXPECT_EQ(messages, 100);
}

}  // namespace
