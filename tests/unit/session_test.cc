#include "common/session.h"

#include <gmock/gmock.h>

#include <string>

#include "allocations.h"
#include "bytes.h"
#include "slices.h"

namespace {

using common::EchoSession;
using common::Error;
using common::SendBuffer;
using tests::bytes;
using tests::frame;
using tests::frames;

constexpr std::uint32_t message_bytes_max = 65'536;

TEST(EchoSession, AnswersEachMessageWithTheSameInOrder) {
  const std::string stream = frames({"one", "", "three"});
  EchoSession session(message_bytes_max);
  SendBuffer answers;
  EXPECT_EQ(session.take(bytes(stream), answers), 3U);
  EXPECT_EQ(tests::text(answers.view()), stream);
  EXPECT_TRUE(session.end_of_stream().has_value());
  EXPECT_FALSE(session.finished());
}

// Only a complete message renews the read timeout, so a dribbling client mustn't seem to send any.
TEST(EchoSession, CountsAMessageWithItsLastByte) {
  const std::string message = frame("hello");
  EchoSession session(message_bytes_max);
  SendBuffer answers;
  for (std::size_t i = 0; i + 1 < message.size(); ++i) {
    ASSERT_EQ(session.take(bytes(message).subspan(i, 1), answers), 0U);
    ASSERT_TRUE(answers.empty()) << "answered before it was complete";
    ASSERT_EQ(session.end_of_stream().error(), Error::cut_short);
    ASSERT_TRUE(session.inside_message());
  }
  EXPECT_EQ(session.take(bytes(message).last(1), answers), 1U);
  EXPECT_FALSE(session.inside_message());
  EXPECT_EQ(tests::text(answers.view()), message);
}

TEST(EchoSession, AnswersTheMessagesBeforeOneThatIsTooLong) {
  EchoSession session(3);
  SendBuffer answers;
  const std::string stream = frames({"one", "two"}) + tests::length(4);
  const auto taken = session.take(bytes(stream), answers);
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error(), Error::too_long);
  EXPECT_EQ(tests::text(answers.view()), frames({"one", "two"}));
}

TEST(EchoSession, HoldsNoBufferWhenIdle) {
  const std::string message = frame(std::string(40'000, 'x'));
  EchoSession session(message_bytes_max);
  SendBuffer answers;
  const tests::Allocations allocations;
  for (const auto slice : tests::in_pieces_of(16'384, message)) {
    ASSERT_TRUE(answers.empty());
    ASSERT_TRUE(session.take(bytes(slice), answers).has_value());
    ASSERT_GE(allocations.held_bytes(), 16'384) << "or this test sees nothing";
  }
  ASSERT_EQ(answers.size(), message.size());
  answers.drop_front(message.size());
  EXPECT_EQ(allocations.held_bytes(), 0);
}

// The memory in which a message was put together is the memory from which it's sent.
TEST(EchoSession, HasOneBufferForOneMessage) {
  const std::string message = frame(std::string(1'000'000, 'x'));
  EchoSession session(1'000'000);
  SendBuffer answers;
  const tests::Allocations allocations;
  const auto slices = tests::in_pieces_of(16'384, message);
  for (const auto slice : tests::Slices(slices.begin(), slices.end() - 1)) {
    ASSERT_TRUE(session.take(bytes(slice), answers).has_value());
  }
  const auto made_before = allocations.made();
  ASSERT_EQ(session.take(bytes(slices.back()), answers), 1U);
  EXPECT_EQ(allocations.made(), made_before);
  EXPECT_EQ(tests::text(answers.view()), message);
  EXPECT_FALSE(session.inside_message());
}

TEST(EchoSession, AllocatesNothingForMessagesThatAreWholeInTheLentBytes) {
  const std::string slice = frames({std::string(16'000, 'x'), "small", ""});
  EchoSession session(message_bytes_max);
  const tests::Allocations allocations;
  for (int i = 0; i < 100; ++i) {
    SendBuffer answers;
    ASSERT_EQ(session.take(bytes(slice), answers), 3U);
  }
  EXPECT_EQ(allocations.made(), 0U);
}

// The kernel must get the bytes that were received, in the same order, whether the answers are
// views of them, copies, or first the one and then the other.
TEST(EchoSession, AnswersInOrderWhenOnlySomeMessagesAreWholeInTheLentBytes) {
  const std::string stream = frames({"begun before", "whole", "", "whole, too", "rest later"});
  for (std::size_t first = 0; first < 20; ++first) {
    for (std::size_t last = 0; last < 20; ++last) {
      EchoSession session(message_bytes_max);
      std::string sent;
      for (const auto slice : {std::string_view(stream).substr(0, first),
                               std::string_view(stream).substr(first, stream.size() - first - last),
                               std::string_view(stream).substr(stream.size() - last)}) {
        std::string buffer(slice);  // in a buffer that is reused
        SendBuffer answers;
        ASSERT_TRUE(session.take(bytes(buffer), answers).has_value());
        sent += tests::text(answers.view());
        buffer.assign(buffer.size(), '?');
      }
      ASSERT_EQ(sent, stream) << "cut at " << first << " and " << last << " before the end";
    }
  }
}

TEST(EchoSession, AnswersWholeMessagesWithoutACopy) {
  const std::string stream = frames({"one", "", "three"});
  EchoSession session(message_bytes_max);
  SendBuffer answers;
  ASSERT_EQ(session.take(bytes(stream), answers), 3U);
  EXPECT_EQ(answers.view().data(), bytes(stream).data());
}

TEST(DiscardSession, AnswersNothingAndCountsAnyByte) {
  common::DiscardSession session;
  SendBuffer answers;
  EXPECT_EQ(session.take(bytes("\xff\xff\xff\xff and so on"), answers), 14U);
  EXPECT_EQ(session.take(bytes("x"), answers), 1U);
  EXPECT_TRUE(answers.empty());
  EXPECT_TRUE(session.end_of_stream().has_value());
  EXPECT_FALSE(session.finished());
}

}  // namespace
