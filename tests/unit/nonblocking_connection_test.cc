// The connection on a non-blocking socket, which several stages have. Both ends are of a
// socketpair(2), where what one sends is there for the other when the call returns, and the time is
// a parameter: nothing here waits. What a client sees of a connection, tests/protocol asks.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "bytes.h"
#include "captured.h"
#include "common/net/accept.h"
#include "common/session.h"
#include "connection.h"
#include "sockets.h"

namespace {

using common::Clock;
using stage::Connection;
using stage::Readiness;
using testing::HasSubstr;
using tests::frame;
using namespace std::chrono_literals;
using Action = Connection::Action;

constexpr Readiness input{.input = true, .output = false};
constexpr Readiness output{.input = false, .output = true};
constexpr Readiness both{.input = true, .output = true};
constexpr Readiness neither;

constexpr int turns_max = 100'000;  // Nothing here takes that many unless something is wrong.

class NonblockingConnection : public testing::Test {
 protected:
  NonblockingConnection() {
    auto [server, client] = tests::unix_connection();
    client_ = std::move(client);
    EXPECT_EQ(::fcntl(server.get(), F_SETFL, O_NONBLOCK), 0);
    options_.read_timeout = 1s;
    options_.max_message = 50'000;
    connection_.emplace(common::Accepted{.fd = std::move(server), .peer = {}},
                        std::make_unique<common::EchoSession>(options_.max_message), options_,
                        now_);
  }

  void send(std::string_view bytes) {
    ASSERT_EQ(::send(client_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), std::ssize(bytes));
  }

  Action advance(Readiness ready) { return connection_->advance(ready, now_, *scratch_); }

  Action expire() {
    now_ = connection_->deadline();
    return connection_->expire(now_);
  }

  /// What has come so far.
  std::string receive() {
    std::string received(100'000, '\0');
    const ssize_t n = ::recv(client_.get(), received.data(), received.size(), MSG_DONTWAIT);
    received.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return received;
  }

  bool client_sees_end_of_stream() {
    char byte;
    return ::recv(client_.get(), &byte, 1, MSG_DONTWAIT) == 0;
  }

  /// A message whose answer the kernel does not take at once, and what comes `after` it.
  std::string send_more_than_is_taken(std::string_view after = "") {
    constexpr int smallest = 0;
    ::setsockopt(connection_->fd().get(), SOL_SOCKET, SO_SNDBUF, &smallest, sizeof smallest);
    const std::string message = frame(std::string(options_.max_message, 'x'));
    send(message + std::string(after));
    for (int turn = 0; turn < turns_max && connection_->interest() == input; ++turn) {
      EXPECT_EQ(advance(input), Action::keep);
    }
    EXPECT_EQ(connection_->interest(), output);
    return message;
  }

  common::Options options_;
  common::Fd client_;
  Clock::time_point now_ = Clock::now();
  std::unique_ptr<stage::Scratch> scratch_ = std::make_unique<stage::Scratch>();
  std::optional<Connection> connection_;
};

TEST_F(NonblockingConnection, AnswersTheSameWhereverAMessageIsCut) {
  const std::string message = frame("hello");
  for (std::size_t at = 1; at < message.size(); ++at) {
    send(message.substr(0, at));
    EXPECT_EQ(advance(input), Action::keep);
    EXPECT_EQ(receive(), "") << "cut at " << at;
    send(message.substr(at));
    EXPECT_EQ(advance(input), Action::keep);
    EXPECT_EQ(receive(), message) << "cut at " << at;
  }
}

TEST_F(NonblockingConnection, IsKeptWhenThereIsNothingToReceiveAfterAll) {
  EXPECT_EQ(advance(both), Action::keep);
  EXPECT_EQ(advance(neither), Action::keep);
}

TEST_F(NonblockingConnection, ReceivesNothingWhileItHoldsAnAnswer) {
  const std::string message = send_more_than_is_taken();
  send(frame("next"));
  EXPECT_EQ(advance(input), Action::keep);
  std::string received;
  for (int turn = 0; turn < 100; ++turn) {
    received += receive();
    ASSERT_EQ(advance(both), Action::keep);
  }
  EXPECT_TRUE(received == message + frame("next")) << received.size() << " bytes";
}

TEST_F(NonblockingConnection, SendsWhatItHoldsBeforeItEndsBecauseOfAMessageThatIsTooLong) {
  std::string message;
  tests::stderr_of(
      [&] { message = send_more_than_is_taken(tests::length(options_.max_message + 1)); });
  std::string received;
  for (int turn = 0; turn < turns_max && !connection_->lingering(); ++turn) {
    received += receive();
    ASSERT_EQ(advance(both), Action::keep);
  }
  EXPECT_TRUE(received + receive() == message) << received.size() << " bytes";
  EXPECT_TRUE(client_sees_end_of_stream());
}

TEST_F(NonblockingConnection, EndsWithASilentPeerAtTheDeadline) {
  options_.verbose = true;
  EXPECT_THAT(tests::stderr_of([&] { EXPECT_EQ(expire(), Action::keep); }), HasSubstr("timed out"));
  EXPECT_TRUE(connection_->lingering());
  EXPECT_TRUE(client_sees_end_of_stream());
}

TEST_F(NonblockingConnection, DrainedItAnswersWhatTheKernelHasReceived) {
  send(frame("hello") + frame("cut").substr(0, 5));
  connection_->begin_drain();
  EXPECT_EQ(advance(input), Action::keep);
  EXPECT_EQ(receive(), frame("hello"));
  EXPECT_EQ(tests::stderr_of([&] { EXPECT_EQ(advance(input), Action::keep); }), "")
      << "that a message is cut short is our own doing";
  EXPECT_EQ(connection_->interest(), neither) << "for the peer's kernel, which causes no event";
  EXPECT_EQ(connection_->deadline(), Clock::time_point::max()) << "a drain has its own";
  EXPECT_EQ(advance(input), Action::close);
}

}  // namespace
