// A stream that listens without a coroutine, and calls for one when something comes.

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "fixture.h"
#include "uring/quiet_send.h"
#include "uring/streams.h"

namespace {

using tests::bytes_of;
using tests::tcp_connection;
using tests::text_of;
using tests::Uring;
using uring::Buffers;
using uring::Error;
using uring::Loop;
using uring::QuietSend;
using uring::Scope;
using uring::Task;

// A part of what a connection costs while nothing comes.
static_assert(sizeof(uring::Operation) <= 56);
static_assert(sizeof(uring::RecvStream) <= 104);

/// Echoes, with a coroutine for as long as there is something to echo.
class Connection final : public uring::RecvStream {
 public:
  Connection(Loop& loop, const common::Fd& fd, Buffers& buffers, Scope& scope)
      : RecvStream(loop, fd, buffers), loop_(loop), fd_(fd), scope_(scope) {
    arm();
  }

  int calls = 0;
  std::string seen;
  std::error_code error;
  bool at_end = false;
  bool fetches = true;

 private:
  void unattended() override {
    ++calls;
    if (fetches) scope_.spawn(serve(*this));
  }

  static Task<> serve(Connection& connection) {
    QuietSend answer(connection.loop_);
    while (connection.pending()) {
      const auto lease = co_await connection.next();
      if (!lease) {
        connection.error = lease.error();
        if (lease.error() == std::errc::no_buffer_space) continue;
        co_return;
      }
      if (lease->empty()) {
        connection.at_end = true;
        co_return;
      }
      connection.seen += text_of(lease->bytes());
      answer.start(connection.fd_, lease->bytes());
      EXPECT_THAT(co_await answer.sent(), tests::Succeeded());
    }
    connection.arm();
  }

  Loop& loop_;
  const common::Fd& fd_;
  Scope& scope_;
};

class UringUnattended : public Uring {
 protected:
  UringUnattended() : buffers(std::move(*Buffers::create(loop, loop.setup().buffers, 16))) {
    ends_with_run = false;
  }

  Task<> expect(const common::Fd& fd, std::string_view text) {
    std::array<std::byte, 64> answer;
    EXPECT_EQ(co_await loop.recv(fd, std::span(answer).first(text.size()), MSG_WAITALL),
              uring::Result<std::size_t>(text.size()));
    EXPECT_EQ(text_of(std::span(answer).first(text.size())), text);
  }

  std::unique_ptr<Buffers> buffers;
};

TEST_F(UringUnattended, ACoroutineIsThereOnlyWhileThereIsSomethingToDo) {
  run([this]() -> Task<> {
    const auto ends = tcp_connection();
    Scope scope(loop);
    Connection connection(loop, ends.server, *buffers, scope);
    for (int i = 0; i < 5; ++i) {
      (void)co_await loop.nop();
      EXPECT_EQ(scope.size(), 0u);
      EXPECT_TRUE(connection.in_flight());
      (void)co_await loop.send(ends.client, bytes_of("ping"));
      co_await expect(ends.client, "ping");
      co_await scope.join();
    }
    EXPECT_EQ(connection.seen, "pingpingpingpingping");
    (void)co_await loop.shutdown(ends.client, SHUT_WR);
    while (!connection.at_end) (void)co_await loop.nop();
    co_await scope.join();
  });
}

TEST_F(UringUnattended, ManyTakeTurns) {
  run([this]() -> Task<> {
    std::vector<tests::Ends> ends;
    for (int i = 0; i < 20; ++i) ends.push_back(tcp_connection());
    Scope scope(loop);
    std::vector<std::unique_ptr<Connection>> connections;
    for (const auto& each : ends) {
      connections.push_back(std::make_unique<Connection>(loop, each.server, *buffers, scope));
    }
    for (int round = 0; round < 3; ++round) {
      for (const auto& each : ends) (void)co_await loop.send(each.client, bytes_of("hello"));
      for (const auto& each : ends) co_await expect(each.client, "hello");
    }
    co_await scope.join();
  });
}

// Of what comes behind the first result it hears nothing: it is there when the first is fetched.
TEST_F(UringUnattended, IsCalledOnceForWhatNobodyFetches) {
  run([this]() -> Task<> {
    const auto ends = tcp_connection();
    Scope scope(loop);
    Connection connection(loop, ends.server, *buffers, scope);
    connection.fetches = false;
    for (int i = 0; i < 3; ++i) (void)co_await loop.send(ends.client, bytes_of("x"));
    (void)co_await loop.nop();
    EXPECT_EQ(connection.calls, 1);
  });
}

TEST_F(UringUnattended, HearsThatItWasCancelledAndWhy) {
  run([this]() -> Task<> {
    const auto ends = tcp_connection();
    Scope scope(loop);
    Connection connection(loop, ends.server, *buffers, scope);
    (void)co_await loop.nop();
    connection.cancel(Error::timed_out);
    while (connection.calls == 0) (void)co_await loop.nop();
    EXPECT_FALSE(connection.in_flight());
    co_await scope.join();
    EXPECT_EQ(connection.error, Error::timed_out);
  });
}

TEST_F(UringUnattended, BelongsToNoScope) {
  run([this]() -> Task<> {
    const auto ends = tcp_connection();
    Scope scope(loop);
    std::unique_ptr<Connection> connection;
    {
      Scope passing(loop);
      const auto make = [](auto& test, const auto& fd, auto& in, auto& made) -> Task<> {
        made = std::make_unique<Connection>(test.loop, fd, *test.buffers, in);
        co_return;
      };
      passing.spawn(make(*this, ends.server, scope, connection));
      passing.cancel();
    }
    (void)co_await loop.nop();
    EXPECT_TRUE(connection->in_flight());
    EXPECT_EQ(connection->calls, 0);
  });
}

/// Is gone as soon as anything comes.
class Moth final : public uring::RecvStream {
 public:
  Moth(Loop& loop, const common::Fd& fd, Buffers& buffers, std::unique_ptr<Moth>& owner)
      : RecvStream(loop, fd, buffers), owner_(owner) {
    arm();
  }

 private:
  void unattended() override { owner_.reset(); }
  std::unique_ptr<Moth>& owner_;
};

TEST_F(UringUnattended, MayBeDestroyedWhenItIsCalled) {
  run([this]() -> Task<> {
    std::vector<tests::Ends> ends;
    std::array<std::unique_ptr<Moth>, 4> moths;
    for (auto& moth : moths) {
      ends.push_back(tcp_connection());
      moth = std::make_unique<Moth>(loop, ends.back().server, *buffers, moth);
    }
    (void)co_await loop.send(ends[0].client, bytes_of("x"));
    while (moths[0]) (void)co_await loop.nop();
    EXPECT_TRUE(moths[1]);
    // The destructor of the first collects what has come for the others, and calls nobody.
    for (int i : {1, 2})
      EXPECT_EQ(::send(ends[static_cast<std::size_t>(i)].client.get(), "x", 1, 0), 1);
    moths[3].reset();
    EXPECT_TRUE(moths[1] && moths[2]);
    while (moths[1] || moths[2]) (void)co_await loop.nop();
  });
}

}  // namespace
