#include "common/loop/slab.h"

#include <gmock/gmock.h>

#include <iterator>
#include <map>
#include <random>
#include <vector>

#include "allocations.h"

namespace {

using common::Slab;
using common::Token;

/// Counts its live objects. Can't be copied or moved, because a slab's objects stay where they are.
class Counted {
 public:
  explicit Counted(int name) : name_(name) { ++alive; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --alive; }

  int name() const { return name_; }
  static inline int alive = 0;

 private:
  int name_;
};

// An event may come for a connection that was closed earlier in the same batch, and whose slot is
// in use again.
TEST(Slab, AStaleTokenFindsNothingThoughItsSlotIsUsedAgain) {
  Slab<Counted> slab;
  const Token gone = slab.emplace(1);
  slab.erase(gone);
  EXPECT_EQ(slab.find(gone), nullptr);
  const Token next = slab.emplace(2);
  ASSERT_EQ(next.slot(), gone.slot());
  EXPECT_EQ(next.kind(), Token::Kind::connection);
  EXPECT_EQ(slab.find(gone), nullptr);
  EXPECT_EQ(slab.find(next)->name(), 2);
}

TEST(Slab, ATokenThatItNeverMadeFindsNothing) {
  Slab<Counted> slab;
  EXPECT_EQ(slab.find(Token(Token::Kind::connection, 0, 0)), nullptr);
  slab.emplace(1);
  EXPECT_EQ(slab.find(Token(Token::Kind::connection, 0, 1)), nullptr);
  EXPECT_EQ(slab.find(Token(Token::Kind::connection, 7, 0)), nullptr);
  EXPECT_EQ(slab.find(Token(Token::Kind::listener, 0, 0)), nullptr);
  EXPECT_EQ(slab.find(Token::from_value(~std::uint64_t{0})), nullptr);
}

TEST(Slab, NeverMovesAnObjectAndEndsThemAllWithItself) {
  {
    Slab<Counted> slab;
    const Token first = slab.emplace(0);
    const Counted* const there = slab.find(first);
    for (int i = 1; i < 10'000; ++i) slab.emplace(i);
    EXPECT_EQ(slab.find(first), there);
  }
  EXPECT_EQ(Counted::alive, 0);
}

TEST(Slab, FillsTheSlotThatWasFreedLast) {
  Slab<Counted> slab;
  const Token a = slab.emplace(1);
  const Token b = slab.emplace(2);
  slab.emplace(3);
  slab.erase(a);
  slab.erase(b);
  EXPECT_EQ(slab.emplace(4).slot(), b.slot());
  EXPECT_EQ(slab.emplace(5).slot(), a.slot());
}

TEST(Slab, AllocatesNothingForASlotThatIsUsedAgain) {
  Slab<Counted> slab;
  std::vector<Token> tokens;
  for (int i = 0; i < 100; ++i) tokens.push_back(slab.emplace(i));
  for (const Token token : tokens) slab.erase(token);
  const tests::Allocations allocations;
  for (int round = 0; round < 1000; ++round) {
    for (int i = 0; i < 100; ++i) tokens[static_cast<std::size_t>(i)] = slab.emplace(i);
    for (const Token token : tokens) slab.erase(token);
  }
  EXPECT_EQ(allocations.made(), 0U);
  EXPECT_EQ(slab.size(), 0U);
}

TEST(Slab, VisitsEachAndLetsItsObjectBeErased) {
  Slab<Counted> slab;
  for (int i = 0; i < 10; ++i) slab.emplace(i);
  std::vector<int> visited;
  slab.for_each([&](Token token, Counted& object) {
    visited.push_back(object.name());
    if (object.name() % 2 == 0) slab.erase(token);
  });
  EXPECT_THAT(visited, testing::UnorderedElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_EQ(slab.size(), 5U);
  visited.clear();
  slab.for_each([&](Token, Counted& object) { visited.push_back(object.name()); });
  EXPECT_THAT(visited, testing::UnorderedElementsAre(1, 3, 5, 7, 9));
}

TEST(Slab, BehavesLikeAMapUnderRandomOperationsAndEndsEachObjectOnce) {
  std::mt19937 random(5882);
  Slab<Counted> slab;
  std::map<std::uint64_t, int> model;  // token to name
  std::vector<Token> tokens;           // all tokens so far
  for (int i = 0; i < 20'000; ++i) {
    if (random() % 2 == 0 || tokens.empty()) {
      const Token token = slab.emplace(i);
      ASSERT_TRUE(model.emplace(token.value(), i).second) << "a token was used twice";
      tokens.push_back(token);
    } else {
      const Token token = tokens[random() % tokens.size()];
      if (model.contains(token.value())) {
        slab.erase(token);
        model.erase(token.value());
      }
    }
    const Token asked = tokens[random() % tokens.size()];
    const auto known = model.find(asked.value());
    const Counted* const found = slab.find(asked);
    ASSERT_EQ(found != nullptr, known != model.end());
    if (found != nullptr) {
      ASSERT_EQ(found->name(), known->second);
    }
    ASSERT_EQ(slab.size(), model.size());
    ASSERT_EQ(Counted::alive, std::ssize(model));
  }
}

}  // namespace
