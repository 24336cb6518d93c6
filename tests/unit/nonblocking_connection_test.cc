// The connection on a non-blocking socket, which several stages have. Both ends are of a
// socketpair(2), where what one sends is there for the other when the call returns, and the time is
// a parameter: nothing here waits. What is about acknowledgements needs TCP.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "bytes.h"
#include "captured.h"
#include "common/net/accept.h"
#include "common/net/unacknowledged.h"
#include "common/server/constants.h"
#include "common/session.h"
#include "connection.h"
#include "sockets.h"

namespace {

using common::Clock;
using stage::Connection;
using stage::Readiness;
using testing::HasSubstr;
using tests::frame;
using tests::frames;
using namespace std::chrono_literals;
using Action = Connection::Action;

constexpr Readiness input{.input = true, .output = false};
constexpr Readiness output{.input = false, .output = true};
constexpr Readiness both{.input = true, .output = true};
constexpr Readiness neither;

constexpr int turns_max = 100'000;  // Nothing here takes that many unless something is wrong.

class NonblockingConnection : public testing::Test {
 protected:
  explicit NonblockingConnection(tests::Ends ends = tests::unix_connection())
      : client_(std::move(ends.client)) {
    common::Fd server = std::move(ends.server);
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

  void finish_sending() { ::shutdown(client_.get(), SHUT_WR); }

  Action advance(Readiness ready) { return connection_->advance(ready, now_, *scratch_); }

  Action expire() {
    now_ = connection_->deadline();
    return connection_->expire(now_);
  }

  /// What has come so far, `size_max` bytes at the most.
  std::string receive(std::size_t size_max = 100'000) {
    std::string received(size_max, '\0');
    const ssize_t n = ::recv(client_.get(), received.data(), received.size(), MSG_DONTWAIT);
    received.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return received;
  }

  bool client_sees_end_of_stream() {
    char byte;
    return ::recv(client_.get(), &byte, 1, MSG_DONTWAIT) == 0;
  }

  /// A message whose length is too much, of which nothing more is read. Returns what is logged.
  std::string refuse_a_message() {
    return tests::stderr_of([this] {
      send(tests::length(options_.max_message + 1));
      EXPECT_EQ(advance(input), Action::keep);
    });
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

  Clock::time_point whole_timeout_from_now() const {
    return now_ + common::loop_read_timeout(options_.read_timeout);
  }

  common::Options options_;
  common::Fd client_;
  Clock::time_point now_ = Clock::now();
  std::unique_ptr<stage::Scratch> scratch_ = std::make_unique<stage::Scratch>();
  std::optional<Connection> connection_;
};

class NonblockingTcpConnection : public NonblockingConnection {
 protected:
  NonblockingTcpConnection() : NonblockingConnection(tests::tcp_connection(4096)) {}

  std::size_t unacknowledged_bytes() const {
    return common::unacknowledged_bytes(connection_->fd());
  }
};

TEST_F(NonblockingConnection, AnswersAWholeMessageInOneTurn) {
  send(frame("hello"));
  EXPECT_EQ(advance(input), Action::keep);
  EXPECT_EQ(receive(), frame("hello"));
  EXPECT_EQ(connection_->interest(), input);
}

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

TEST_F(NonblockingConnection, AnswersEverythingThatCameBeforeTheEndOfStreamAndCloses) {
  send(frames({"one", "", "three"}));
  finish_sending();
  EXPECT_EQ(advance(input), Action::keep);
  EXPECT_EQ(receive(), frames({"one", "", "three"}));
  EXPECT_EQ(tests::stderr_of([&] { EXPECT_EQ(advance(input), Action::close); }), "");
}

TEST_F(NonblockingConnection, LogsAnEndOfStreamInsideAMessage) {
  send(frame("hello").substr(0, 6));
  finish_sending();
  EXPECT_EQ(advance(input), Action::keep);
  EXPECT_THAT(tests::stderr_of([&] { EXPECT_EQ(advance(input), Action::close); }),
              HasSubstr("inside a message"));
}

TEST_F(NonblockingConnection, HoldsWhatTheKernelDoesNotTakeAndSendsItLater) {
  const std::string message = send_more_than_is_taken();
  std::string received = receive();
  EXPECT_LT(received.size(), message.size());
  while (connection_->interest() == output) {
    ASSERT_EQ(advance(output), Action::keep);
    const std::string more = receive();
    ASSERT_NE(more, "");
    received += more;
    ASSERT_LE(received.size(), message.size());
  }
  EXPECT_TRUE(received == message) << received.size() << " bytes";
  EXPECT_EQ(connection_->interest(), input);
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

TEST_F(NonblockingConnection, AnswersAllToAPeerThatHasFinishedSendingAndReadsSlowly) {
  const std::string message = send_more_than_is_taken();
  finish_sending();
  std::string received;
  for (Action action = Action::keep; action == Action::keep; action = advance(both)) {
    received += receive(1000);
    ASSERT_LE(received.size(), message.size());
  }
  connection_.reset();
  for (std::string more = receive(); !more.empty(); more = receive()) received += more;
  EXPECT_TRUE(received == message) << received.size() << " bytes";
}

TEST_F(NonblockingConnection, AnswersWhatCameBeforeAMessageThatIsTooLongAndLingers) {
  send(frame("hello") + tests::length(options_.max_message + 1));
  EXPECT_THAT(tests::stderr_of([&] { EXPECT_EQ(advance(input), Action::keep); }),
              HasSubstr("too long"));
  EXPECT_EQ(receive(), frame("hello"));
  EXPECT_TRUE(client_sees_end_of_stream());
  EXPECT_TRUE(connection_->lingering());
  EXPECT_EQ(connection_->deadline(), now_ + common::linger_timeout);
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

TEST_F(NonblockingConnection, DiscardsWhatComesWhileItLingers) {
  refuse_a_message();
  send(frame("more"));
  EXPECT_EQ(connection_->interest(), input);
  EXPECT_EQ(advance(input), Action::keep);
  EXPECT_EQ(receive(), "");
  finish_sending();
  EXPECT_EQ(advance(input), Action::close);
}

TEST_F(NonblockingConnection, LingersNoLongerThanItsDeadline) {
  refuse_a_message();
  EXPECT_EQ(expire(), Action::close);
}

// A byte now and then would otherwise hold it open for ever.
TEST_F(NonblockingConnection, HasTheWholeTimeAgainForEachMessageAndForNoByteOfIt) {
  const auto opened = connection_->deadline();
  EXPECT_EQ(opened, whole_timeout_from_now());
  now_ += 500ms;
  send(frame("hello").substr(0, 8));
  EXPECT_EQ(advance(input), Action::keep);
  EXPECT_EQ(connection_->deadline(), opened);
  send(frame("hello").substr(8));
  EXPECT_EQ(advance(input), Action::keep);
  EXPECT_EQ(connection_->deadline(), whole_timeout_from_now());
}

TEST_F(NonblockingConnection, EndsWithASilentPeerAtTheDeadline) {
  options_.verbose = true;
  EXPECT_THAT(tests::stderr_of([&] { EXPECT_EQ(expire(), Action::keep); }), HasSubstr("timed out"));
  EXPECT_TRUE(connection_->lingering());
  EXPECT_TRUE(client_sees_end_of_stream());
}

TEST_F(NonblockingTcpConnection, HasTheWholeTimeAgainWhenASlowReaderFreesALittle) {
  send_more_than_is_taken();
  const std::size_t before = unacknowledged_bytes();
  for (int turn = 0; turn < turns_max && unacknowledged_bytes() >= before; ++turn) receive(1000);
  EXPECT_EQ(expire(), Action::keep);
  EXPECT_EQ(connection_->interest(), output);
  EXPECT_EQ(connection_->deadline(), whole_timeout_from_now());
}

TEST_F(NonblockingTcpConnection, EndsWithAPeerThatTakesNoAnswer) {
  send_more_than_is_taken();
  options_.verbose = true;
  int timeouts = 0;  // The peer's kernel may have taken something since the last send.
  EXPECT_THAT(tests::stderr_of([&] {
                while (!connection_->lingering() && ++timeouts < 100) {
                  EXPECT_EQ(expire(), Action::keep);
                }
              }),
              HasSubstr("timed out"));
  EXPECT_EQ(connection_->interest(), input);
}

TEST_F(NonblockingConnection, LogsAResetInsideAMessageAndCloses) {
  send(frame("hello") + frame("cut").substr(0, 5));
  EXPECT_EQ(advance(input), Action::keep);
  client_ = common::Fd();  // with an answer unread
  EXPECT_THAT(tests::stderr_of([&] { EXPECT_EQ(advance(input), Action::close); }),
              HasSubstr("reset"));
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

TEST_F(NonblockingTcpConnection, DrainedItWaitsUntilAllThatItHeldIsAcknowledged) {
  const std::string message = send_more_than_is_taken();
  connection_->begin_drain();
  std::string received;
  for (int turn = 0; turn < turns_max && !connection_->lingering(); ++turn) {
    received += receive(1000);
    ASSERT_EQ(advance(both), Action::keep);
  }
  ASSERT_GT(unacknowledged_bytes(), 1U) << "or this shows nothing";
  for (int turn = 0; turn < turns_max && advance(input) == Action::keep; ++turn) {
    received += receive(1000);
  }
  EXPECT_LE(unacknowledged_bytes(), 1U) << "more than the end of the stream";
  connection_.reset();
  received += tests::receive_all(client_).bytes;
  EXPECT_TRUE(received == message) << received.size() << " bytes";
}

TEST_F(NonblockingConnection, DrainedWhileItLingersItWaitsForAcknowledgementsOnly) {
  refuse_a_message();
  connection_->begin_drain();
  EXPECT_EQ(connection_->deadline(), Clock::time_point::max());
  EXPECT_EQ(connection_->interest(), neither);
  EXPECT_EQ(advance(input), Action::close);
}

}  // namespace
