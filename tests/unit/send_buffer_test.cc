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

TEST(Answers, KeepTheirMemoryForTheNextTurn) {
  SendBuffer answers;
  answers.append(bytes(std::string(10'000, 'x')));
  const std::string text(10'000, 'y');
  const tests::Allocations allocations;
  for (int turn = 0; turn < 10; ++turn) {
    answers.clear();
    answers.append(bytes(text));
  }
  EXPECT_EQ(allocations.made(), 0U);
}

TEST(Answers, GiveTheMemoryOfALargeMessageBack) {
  SendBuffer answers;
  const std::string large(1'000'000, 'x');
  const tests::Allocations allocations;
  answers.append(bytes(large));
  answers.clear();
  EXPECT_EQ(allocations.held_bytes(), 0);
}

}  // namespace
