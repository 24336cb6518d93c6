#include <gtest/gtest.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <system_error>
#include <vector>

#include "make_poller.h"
#include "sockets.h"

using stage::AcceptHow;

stage::Poller tests::make_poller() { return *stage::Poller::create(AcceptHow::reuseport, -1); }

namespace {

using common::Clock;
using common::Fd;
using common::Token;

constexpr Token listener_token(Token::Kind::listener);

/// A listener with `clients` connections in its backlog.
struct Backlog {
  explicit Backlog(int clients)
      : listener(*common::listen_on(tests::on_free_port(), common::SocketMode::nonblocking)) {
    const auto address = *common::Address::of_socket(listener);
    for (int i = 0; i < clients; ++i) peers.push_back(tests::connect_to(address));
  }

  Fd listener;
  std::vector<Fd> peers;
};

/// Returns true if the poller reports the listener, and nothing else.
bool reports_listener(stage::Poller& poller) {
  const auto events = poller.wait(Clock::now());
  return events->size() == 1 && events->front().token == listener_token;
}

class Listener : public testing::TestWithParam<AcceptHow> {
 protected:
  Fd shared_ = Fd(::epoll_create1(EPOLL_CLOEXEC));
};

TEST_P(Listener, IsReportedUntilItIsForgottenAndAgainWhenItIsWatched) {
  const Backlog backlog(1);
  epoll_event event{.events = EPOLLIN, .data = {}};
  ASSERT_EQ(::epoll_ctl(shared_.get(), EPOLL_CTL_ADD, backlog.listener.get(), &event), 0);
  stage::Poller poller = *stage::Poller::create(GetParam(), shared_.get());
  poller.forget_listener(backlog.listener);  // not watched yet, which is fine
  for (int time = 0; time < 2; ++time) {
    ASSERT_TRUE(poller.watch_listener(backlog.listener, listener_token).has_value());
    EXPECT_TRUE(reports_listener(poller));
    poller.forget_listener(backlog.listener);
    EXPECT_TRUE(poller.wait(Clock::now()).value().empty());
  }
}

TEST_P(Listener, StaysWatchedByOnePollerWhenAnotherForgetsIt) {
  const Backlog backlog(1);
  epoll_event event{.events = EPOLLIN, .data = {}};
  ASSERT_EQ(::epoll_ctl(shared_.get(), EPOLL_CTL_ADD, backlog.listener.get(), &event), 0);
  stage::Poller one = *stage::Poller::create(GetParam(), shared_.get());
  stage::Poller other = *stage::Poller::create(GetParam(), shared_.get());
  ASSERT_TRUE(one.watch_listener(backlog.listener, listener_token).has_value());
  ASSERT_TRUE(other.watch_listener(backlog.listener, listener_token).has_value());
  one.forget_listener(backlog.listener);
  EXPECT_FALSE(reports_listener(one));
  EXPECT_TRUE(reports_listener(other));
}

std::string name_of(const testing::TestParamInfo<AcceptHow>& how) {
  constexpr std::array names = {"Reuseport", "Exclusive", "Shared"};
  return names.at(static_cast<std::size_t>(how.param));
}

INSTANTIATE_TEST_SUITE_P(, Listener,
                         testing::Values(AcceptHow::reuseport, AcceptHow::exclusive,
                                         AcceptHow::shared),
                         name_of);

TEST(EpollPoller, ReportsNoMoreThanItsBatchAndTheRestNextTime) {
  constexpr std::size_t count = 300;
  stage::Poller poller = tests::make_poller();
  std::vector<tests::Ends> connections;
  for (std::size_t i = 0; i < count; ++i) {
    connections.push_back(tests::unix_connection());
    ASSERT_TRUE(poller
                    .watch(connections.back().server, Token(Token::Kind::connection, i),
                           {.input = false, .output = true})
                    .has_value());
  }
  std::vector<bool> reported(count);
  for (int turn = 0; turn < 2; ++turn) {
    const auto events = poller.wait(Clock::now());
    for (const auto& event : events.value()) reported[event.token.slot()] = true;
  }
  EXPECT_EQ(std::ranges::count(reported, true), std::ssize(reported));
}

TEST(EpollPoller, SaysThatADescriptorIsWatchedAlready) {
  stage::Poller poller = tests::make_poller();
  const tests::Ends ends = tests::unix_connection();
  ASSERT_TRUE(poller.watch(ends.server, {}, {}).has_value());
  EXPECT_EQ(poller.watch(ends.server, {}, {}).error(), std::errc::file_exists);
}

}  // namespace
