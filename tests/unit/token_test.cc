#include "common/loop/token.h"

#include <gtest/gtest.h>

namespace {

using common::Token;

TEST(Token, KeepsKindAndSlotThroughTheKernelsSixtyFourBits) {
  constexpr std::uint64_t largest_slot = (1U << Token::slot_bits) - 1;
  constexpr std::uint64_t largest_generation = (std::uint64_t{1} << Token::generation_bits) - 1;
  for (const auto kind : {Token::Kind::listener, Token::Kind::wake, Token::Kind::connection}) {
    for (const auto slot : {std::uint64_t{0}, std::uint64_t{1}, largest_slot}) {
      for (const auto generation : {std::uint64_t{0}, std::uint64_t{1}, largest_generation}) {
        const Token token(kind, slot, generation);
        const Token back = Token::from_value(token.value());
        EXPECT_EQ(back, token);
        EXPECT_EQ(back.kind(), kind);
        EXPECT_EQ(back.slot(), slot);
      }
    }
  }
}

TEST(Token, ForTheNextUseHasTheNextGeneration) {
  constexpr std::uint64_t largest_generation = (std::uint64_t{1} << Token::generation_bits) - 1;
  const auto token = [](std::uint64_t generation) {
    return Token(Token::Kind::connection, 7, generation);
  };
  EXPECT_EQ(token(0).for_next_use(), token(1));
  EXPECT_EQ(token(1000).for_next_use(), token(1001));
  EXPECT_EQ(token(largest_generation).for_next_use(), token(0));
}

}  // namespace
