#include "common/send_buffer.h"

#include <gtest/gtest.h>

#include <string>

#include "allocations.h"
#include "bytes.h"

namespace {

using common::SendBuffer;
using tests::bytes;

const std::string received = "one two three";

common::ByteView part(std::size_t begin, std::size_t size) {
  return bytes(received).subspan(begin, size);
}

TEST(Answers, CopyAppendedBytes) {
  SendBuffer answers;
  std::string text = "some";
  answers.append(bytes(text));
  text = "gone";
  answers.append(bytes(text));
  EXPECT_EQ(tests::text(answers.view()), "somegone");
  EXPECT_EQ(answers.size(), 8U);
}

TEST(Answers, AreAViewOfAppendedViews) {
  SendBuffer answers;
  answers.append_view(part(4, 3));
  EXPECT_EQ(answers.view().data(), bytes(received).data() + 4);
  EXPECT_EQ(tests::text(answers.view()), "two");
}

TEST(Answers, CopyAViewThatIsNotTheFirst) {
  SendBuffer answers;
  answers.append_view(part(8, 5));
  EXPECT_FALSE(answers.owns_memory());
  answers.append_view(part(0, 3));
  EXPECT_TRUE(answers.owns_memory());
  EXPECT_EQ(tests::text(answers.view()), "threeone");
}

TEST(Answers, KeepTheOrderOfCopiesAndViews) {
  SendBuffer answers;
  answers.append_view(part(0, 4));
  answers.append(bytes("and "));
  answers.append_view(part(4, 4));
  answers.append(bytes("!"));
  EXPECT_EQ(tests::text(answers.view()), "one and two !");
}

TEST(Answers, StartAnewWhenCleared) {
  SendBuffer answers;
  answers.append_view(part(0, 3));
  answers.clear();
  EXPECT_TRUE(answers.empty());
  answers.append(bytes("copy"));
  answers.clear();
  EXPECT_TRUE(answers.empty());
  answers.append_view(part(4, 3));
  EXPECT_EQ(tests::text(answers.view()), "two");
}

TEST(Answers, TakeOwnedBytesOverWithoutACopy) {
  common::Buffer message(part(0, 13));
  const auto* const place = message.data();
  SendBuffer answers;
  answers.append_owned(std::move(message));
  EXPECT_EQ(answers.view().data(), place);
  EXPECT_TRUE(answers.owns_memory());
  answers.append_view(part(3, 4));
  answers.append_owned(common::Buffer(bytes("!")));
  EXPECT_EQ(tests::text(answers.view()), "one two three two!");
}

TEST(Answers, AreAViewOfTheRestAfterSomeWereSent) {
  SendBuffer answers;
  answers.append_view(part(0, 13));
  answers.drop_front(4);
  EXPECT_EQ(answers.view().data(), bytes(received).data() + 4);
  EXPECT_EQ(tests::text(answers.view()), "two three");
}

TEST(Answers, FreeTheirMemoryWhenAllIsSent) {
  const std::string large(100'000, 'x');
  SendBuffer answers;
  const tests::Allocations allocations;
  answers.append(bytes(large));
  answers.drop_front(99'999);
  EXPECT_EQ(answers.size(), 1U);
  EXPECT_GE(allocations.held_bytes(), 100'000) << "or this test sees nothing";
  EXPECT_LE(allocations.made(), 1U) << "a rest is copied";
  answers.drop_front(1);
  EXPECT_TRUE(answers.empty());
  EXPECT_EQ(allocations.held_bytes(), 0);
  answers.append(bytes(large));
  answers.clear();
  EXPECT_EQ(allocations.held_bytes(), 0);
}

// The receive buffer has the bytes of another client when the rest can be sent.
TEST(Answers, OutliveTheReceiveBufferOnceOwned) {
  std::string buffer = "an answer";
  SendBuffer answers;
  answers.append_view(bytes(buffer));
  answers.drop_front(3);
  answers.own();
  buffer.assign(buffer.size(), '?');
  EXPECT_EQ(tests::text(answers.view()), "answer");

  const auto* const place = answers.view().data();
  answers.drop_front(2);
  answers.own();
  EXPECT_EQ(answers.view().data(), place + 2) << "copied again";
}

TEST(Answers, OwnNoMemoryWhenThereAreNone) {
  SendBuffer answers;
  const tests::Allocations allocations;
  answers.own();
  answers.append_view(part(0, 3));
  answers.drop_front(3);
  answers.own();
  EXPECT_EQ(allocations.made(), 0U);
  EXPECT_FALSE(answers.owns_memory());
}

TEST(Answers, StayWholeWhenMoved) {
  SendBuffer first;
  first.append(bytes("first"));
  SendBuffer second(std::move(first));
  EXPECT_TRUE(first.empty());  // NOLINT: promised
  first.append_view(part(0, 3));
  std::swap(first, second);
  EXPECT_EQ(tests::text(first.view()), "first");
  EXPECT_EQ(tests::text(second.view()), "one");
  EXPECT_FALSE(second.owns_memory());
}

static_assert(sizeof(SendBuffer) <= 56, "a loop has one for each client");

}  // namespace
