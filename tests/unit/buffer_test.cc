#include "common/buffer.h"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>

#include "allocations.h"
#include "bytes.h"

namespace {

using common::Buffer;
using tests::Allocations;
using tests::bytes;
using tests::text;

static_assert(!std::is_copy_constructible_v<Buffer> && !std::is_copy_assignable_v<Buffer>);
static_assert(std::is_nothrow_move_constructible_v<Buffer>);

TEST(Buffer, AppendsCopies) {
  std::string some = "some";
  Buffer buffer(bytes(some));
  some = "gone";
  buffer.append(bytes(some));
  buffer.append({});
  EXPECT_EQ(text(buffer), "somegone");
  EXPECT_EQ(buffer.size(), 8U);
}

TEST(Buffer, HasNoMemoryBeforeTheFirstByteAndAfterTheLast) {
  const Allocations allocations;
  Buffer buffer;
  buffer.append({});
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(allocations.held_bytes(), 0);
  buffer.append(bytes("12345"));
  buffer.drop_front(4);
  EXPECT_GT(allocations.held_bytes(), 0) << "or this test sees nothing";
  buffer.drop_front(1);
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.capacity(), 0U);
  EXPECT_EQ(allocations.held_bytes(), 0);
}

TEST(Buffer, TakesBytesOffTheFrontInPlace) {
  Buffer buffer(bytes("answer"));
  const auto* const place = buffer.data();
  buffer.drop_front(2);
  EXPECT_EQ(buffer.data(), place + 2);
  EXPECT_EQ(text(buffer), "swer");
  buffer.append(bytes(" it"));
  EXPECT_EQ(text(buffer), "swer it");
}

// What was taken off gives its room to what comes, before the memory grows.
TEST(Buffer, UsesTheRoomOfTheBytesThatWereTakenOff) {
  const std::string first(100, 'x');
  const std::string second(60, 'y');
  Buffer buffer(bytes(first));
  buffer.drop_front(60);
  const Allocations allocations;
  buffer.append(bytes(second));
  EXPECT_EQ(allocations.made(), 0U);
  EXPECT_EQ(text(buffer), first.substr(60) + second);
}

TEST(Buffer, GrowsByDoubling) {
  Buffer buffer;
  const Allocations allocations;
  for (int i = 0; i < 10'000; ++i) buffer.append(bytes("x"));
  EXPECT_LE(allocations.made(), 15U);
  EXPECT_LE(buffer.capacity(), 20'000U);
}

TEST(Buffer, ReservesExactlyWhatIsAskedFor) {
  Buffer buffer(bytes("12"));
  buffer.reserve(1);
  EXPECT_EQ(buffer.capacity(), 2U);
  buffer.reserve(1000);
  EXPECT_EQ(buffer.capacity(), 1000U);
  EXPECT_EQ(text(buffer), "12");
}

TEST(Buffer, GivesItsMemoryAwayByAMove) {
  const Allocations allocations;
  {
    Buffer from(bytes("12345"));
    from.drop_front(1);
    const auto* const place = from.data();
    Buffer to(std::move(from));
    EXPECT_EQ(to.data(), place);
    EXPECT_TRUE(from.empty());  // NOLINT: promised
    from.append(bytes("new"));
    Buffer third(bytes("its memory goes"));
    third = std::move(to);
    EXPECT_EQ(text(third), "2345");
    EXPECT_EQ(text(from), "new");
    EXPECT_EQ(allocations.made(), 3U);
  }
  EXPECT_EQ(allocations.held_bytes(), 0);
}

}  // namespace
