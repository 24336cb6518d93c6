#include <gtest/gtest.h>

#include <utility>

#include "make_poller.h"
#include "sockets.h"

stage::Poller tests::make_poller() { return {}; }

namespace {

using common::Token;

// The kernel keeps nothing that could go away with the descriptor, because each call passes a
// number.
TEST(PollPoller, CountsADescriptorThatIsNotOpenAsBoth) {
  stage::Poller poller;
  tests::Ends ends = tests::unix_connection();
  poller.watch(ends.server, Token(Token::Kind::connection), {.input = true, .output = false});
  const common::Fd closed = std::move(ends.server);
  ::close(closed.get());
  const auto events = poller.wait(common::Clock::now());
  ASSERT_EQ(events.value().size(), 1U);
  EXPECT_EQ(events->front().ready, (stage::Readiness{.input = true, .output = true}));
}

}  // namespace
