// Tests for both pollers. poll(2) keeps nothing between two calls and epoll(7) the whole set, but
// the server can't tell.
#include "poller.h"

#include <gmock/gmock.h>
#include <pthread.h>
#include <sys/socket.h>

#include <csignal>
#include <cstdint>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "make_poller.h"
#include "sockets.h"

namespace {

using common::Clock;
using common::Fd;
using common::Token;
using stage::Event;
using stage::Readiness;
using testing::UnorderedElementsAre;
using namespace std::chrono_literals;

constexpr Readiness readable{.input = true, .output = false};
constexpr Readiness writable{.input = false, .output = true};
constexpr Readiness both_ways{.input = true, .output = true};
constexpr Readiness not_ready;

constexpr Token token(std::uint64_t slot) { return Token(Token::Kind::connection, slot); }

class Poller : public testing::Test {
 protected:
  using Ready = std::vector<std::pair<Token, Readiness>>;

  /// Returns the descriptors that are ready now.
  Ready ready() {
    Ready found;
    const auto events = poller_.wait(Clock::now());
    for (const Event& event : events.value()) {
      found.emplace_back(event.token, event.ready);
    }
    return found;
  }

  void send_to(const Fd& socket) { ASSERT_EQ(::send(socket.get(), "x", 1, 0), 1); }

  stage::Poller poller_ = tests::make_poller();
  tests::Ends one_ = tests::unix_connection();
  tests::Ends two_ = tests::unix_connection();
};

TEST_F(Poller, ReportsInputUntilItIsReceived) {
  (void)poller_.watch(one_.server, token(1), readable);
  (void)poller_.watch(two_.server, token(2), readable);
  EXPECT_EQ(ready(), Ready());
  send_to(one_.client);
  EXPECT_EQ(ready(), Ready({{token(1), readable}}));
  EXPECT_EQ(ready(), Ready({{token(1), readable}})) << "level-triggered";
  char byte;
  ASSERT_EQ(::recv(one_.server.get(), &byte, 1, 0), 1);
  EXPECT_EQ(ready(), Ready());
}

TEST_F(Poller, ReportsTheDirectionsOfInterest) {
  send_to(one_.client);
  (void)poller_.watch(one_.server, token(1), writable);
  EXPECT_EQ(ready(), Ready({{token(1), writable}}));
  (void)poller_.change(one_.server, token(1), both_ways);
  EXPECT_EQ(ready(), Ready({{token(1), both_ways}}));
  (void)poller_.change(one_.server, token(1), not_ready);
  EXPECT_EQ(ready(), Ready());
  (void)poller_.change(one_.server, token(1), readable);
  EXPECT_EQ(ready(), Ready({{token(1), readable}}));
}

TEST_F(Poller, CountsAHangUpAsBothDirectionsWithAnyInterest) {
  (void)poller_.watch(one_.server, token(1), not_ready);
  one_.client = Fd();
  EXPECT_EQ(ready(), Ready({{token(1), both_ways}}));
}

TEST_F(Poller, ReportsNoForgottenDescriptor) {
  const tests::Ends three = tests::unix_connection();
  (void)poller_.watch(one_.server, token(1), writable);
  (void)poller_.watch(two_.server, token(2), writable);
  (void)poller_.watch(three.server, token(3), writable);
  poller_.forget(one_.server);
  EXPECT_THAT(ready(),
              UnorderedElementsAre(std::pair(token(2), writable), std::pair(token(3), writable)));
  (void)poller_.change(three.server, token(3), not_ready);
  EXPECT_EQ(ready(), Ready({{token(2), writable}}));
  poller_.forget(two_.server);
  EXPECT_EQ(ready(), Ready());
}

TEST_F(Poller, WatchesAForgottenDescriptorAgainUnderAnotherToken) {
  (void)poller_.watch(one_.server, token(1), writable);
  poller_.forget(one_.server);
  (void)poller_.watch(one_.server, token(2), writable);
  EXPECT_EQ(ready(), Ready({{token(2), writable}}));
}

TEST_F(Poller, ForgetsADescriptorThatIsNotWatched) {
  (void)poller_.watch(one_.server, token(1), writable);
  poller_.forget(two_.server);
  poller_.forget(two_.server);
  EXPECT_EQ(ready(), Ready({{token(1), writable}}));
}

// If the timeout were rounded down, the poller would ask again and again in the last millisecond.
TEST_F(Poller, WaitsUntilTheDeadline) {
  for (const auto time : {1900us, 2100us, 2900us}) {
    const auto deadline = Clock::now() + time;
    EXPECT_TRUE(poller_.wait(deadline).value().empty());
    EXPECT_GE(Clock::now(), deadline);
  }
}

TEST_F(Poller, WaitsWithoutADeadlineUntilSomethingComes) {
  (void)poller_.watch(one_.server, token(1), readable);
  const std::jthread late([this] {
    std::this_thread::sleep_for(20ms);
    send_to(one_.client);
  });
  EXPECT_EQ(poller_.wait(std::nullopt).value().size(), 1U);
}

/// Interrupts the thread that made it, again and again.
class Interrupter {
 public:
  explicit Interrupter(void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    EXPECT_EQ(::sigaction(SIGUSR1, &action, &before_), 0);
    thread_ = std::jthread([waits = ::pthread_self()](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        std::this_thread::sleep_for(10ms);
        ::pthread_kill(waits, SIGUSR1);
      }
    });
  }
  ~Interrupter() {
    thread_ = {};
    ::sigaction(SIGUSR1, &before_, nullptr);
  }

 private:
  struct sigaction before_ {};
  std::jthread thread_;
};

TEST_F(Poller, ReturnsToTheCallerWhenASignalInterruptsIt) {
  (void)poller_.watch(one_.server, token(1), readable);
  const auto deadline = Clock::now() + 20s;
  const Interrupter interrupter([](int) {});
  const auto events = poller_.wait(deadline);
  ASSERT_TRUE(events.has_value()) << events.error().message();
  EXPECT_TRUE(events->empty());
  EXPECT_LT(Clock::now(), deadline);
}

}  // namespace
