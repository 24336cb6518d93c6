#include "finger/server/conversation.h"

#include <gmock/gmock.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "closed_first.h"

namespace finger {
namespace {

using common::Fd;

class NoServer final : public ConversationOwner {
 public:
  RosterPointer current_roster() const override { return nullptr; }
  std::uint16_t credentials_of(const Roster&, const Account&) const override { return 0; }
  void close_file(Fd, std::shared_ptr<Home>) override {}
  void conversation_ended() override {}
};

/// The only conversation that its limits permit.
class OnlyConversation : public testing::Test {
 protected:
  OnlyConversation() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    peer = Fd(ends[0]);
    ring_server::Admitted client{.permit = *limit.try_acquire(-1),
                                 .accepted = {.fd = Fd(ends[1]), .peer = address}};
    conversation.emplace(context, std::move(client), address_limit.try_acquire(address));
  }

  bool is_another_permitted() {
    return limit.try_acquire(-1) && address_limit.try_acquire(address);
  }

  const common::Address address = *common::Address::parse("192.0.2.7", 50'412);
  common::ConnectionLimit limit{1};
  AddressLimit address_limit{1};
  Fd peer;

  std::unique_ptr<uring::Loop> loop = std::move(*uring::Loop::create({}));
  Options options;
  finger::WorkerCounters counters;
  NoServer owner;
  uring::Canceller never;
  Homes homes{*loop};
  const Context context{.options = options,
                        .loop = *loop,
                        .counters = counters,
                        .owner = owner,
                        .receiving = never,
                        .lingering = never,
                        .homes = homes,
                        .discarded = {}};
  std::optional<Conversation> conversation;
};

TEST_F(OnlyConversation, HasItsPermitsUntilItEnds) {
  EXPECT_FALSE(limit.try_acquire(-1));
  EXPECT_FALSE(address_limit.try_acquire(address));
  conversation.reset();
  EXPECT_TRUE(is_another_permitted());
}

TEST_F(OnlyConversation, ClosesItsConnectionBeforeThePermitIsFree) {
  EXPECT_TRUE(
      tests::is_closed_before_its_permit_is_free(limit, peer, [this] { conversation.reset(); }));
}

// Opening a plan may take for ever, and the conversation with it.
TEST_F(OnlyConversation, GivesItsPermitsBackAtTheDeadline) {
  Conversation::EndAtDeadline guard(*conversation);
  EXPECT_TRUE(tests::is_closed_before_its_permit_is_free(
      limit, peer, [&] { guard.cancel(uring::Error::timed_out); }));
  EXPECT_TRUE(is_another_permitted());
  EXPECT_EQ(counters.closed.value(), 1U);
}

TEST_F(OnlyConversation, IsCountedAtTheDeadlineAndNotAgainWhenItEnds) {
  const auto& timed_out =
      counters.outcomes[static_cast<std::size_t>(ConversationOutcome::timed_out)];
  Conversation::EndAtDeadline(*conversation).cancel(uring::Error::timed_out);
  EXPECT_EQ(timed_out.value(), 1U);
  loop->run(conversation->end(std::unexpected(make_error_code(uring::Error::timed_out))));
  EXPECT_EQ(timed_out.value(), 1U);
}

}  // namespace
}  // namespace finger
