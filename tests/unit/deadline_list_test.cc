#include "common/loop/deadline_list.h"

#include <gtest/gtest.h>

#include <list>
#include <memory>
#include <random>
#include <vector>

#include "allocations.h"

namespace {

using common::Clock;
using common::DeadlineEntry;
using common::DeadlineList;
using common::Token;
using namespace std::chrono_literals;

constexpr Clock::time_point start{};  // any time will do, because the list reads no clock

Token token(std::uint64_t slot) { return Token(Token::Kind::connection, slot); }

TEST(DeadlineList, TakesAnEntryOverFromAnotherList) {
  DeadlineList reading;
  DeadlineList writing;
  DeadlineEntry entry;
  reading.set(entry, start + 1s, token(1));
  writing.set(entry, start + 2s, token(1));
  EXPECT_EQ(reading.soonest(), std::nullopt);
  EXPECT_EQ(writing.soonest(), start + 2s);
}

TEST(DeadlineEntry, KnowsTheLastDeadlineSet) {
  DeadlineList list;
  DeadlineEntry entry;
  EXPECT_EQ(entry.deadline(), Clock::time_point());
  list.set(entry, start + 5s, token(1));
  EXPECT_EQ(entry.deadline(), start + 5s);
  entry.unlink();
  EXPECT_EQ(entry.deadline(), start + 5s);
}

TEST(DeadlineList, AllocatesNothing) {
  DeadlineList list;
  DeadlineEntry entries[10];
  const tests::Allocations allocations;
  for (int i = 0; i < 1000; ++i) list.set(entries[i % 10], start + i * 1ms, token(1));
  EXPECT_EQ(allocations.made(), 0U);
}

TEST(DeadlineList, BehavesLikeASortedListUnderRandomOperations) {
  struct Known {
    std::size_t entry;
    Clock::time_point deadline;
  };
  std::mt19937 random(5882);
  DeadlineList list;
  std::vector<std::unique_ptr<DeadlineEntry>> entries(50);
  std::list<Known> model;  // earliest first
  const auto forget = [&](std::size_t i) {
    std::erase_if(model, [i](Known k) { return k.entry == i; });
  };
  auto now = start;
  for (int turn = 0; turn < 50'000; ++turn) {
    now += std::chrono::milliseconds(random() % 3);
    const std::size_t i = random() % entries.size();
    switch (random() % 4) {  // this unlinks some entries twice, and some that were never set
      case 0:
      case 1:
        if (!entries[i]) entries[i] = std::make_unique<DeadlineEntry>();
        list.set(*entries[i], now + 100ms, token(i));
        forget(i);
        model.push_back({i, now + 100ms});
        break;
      case 2:
        if (entries[i]) entries[i]->unlink();
        forget(i);
        break;
      default:
        entries[i].reset();
        forget(i);
    }
    ASSERT_EQ(list.soonest().has_value(), !model.empty());
    if (model.empty()) {
      ASSERT_EQ(list.overdue(now), std::nullopt);
      continue;
    }
    ASSERT_EQ(*list.soonest(), model.front().deadline);
    const bool due = model.front().deadline <= now;
    ASSERT_EQ(list.overdue(now), due ? std::optional(token(model.front().entry)) : std::nullopt);
  }
}

}  // namespace
