// Memory lives until an operation's last completion, whatever is cancelled or destroyed. The pool
// fills returned frames with a pattern, and checks the pattern when it reuses them. So a late write
// ends the test, even one by the kernel, which no sanitizer sees.

#include <array>
#include <chrono>
#include <cstring>

#include "fixture.h"

namespace {

using namespace tests;
using uring::Canceller;
using uring::Deadline;
using uring::FramePool;

TEST(FramePoolDeathTest, NoticesAWriteOfTheKernelIntoAReturnedFrame) {
  EXPECT_DEATH(
      {
        auto loop = tests::make_loop();
        FramePool::check_memory();
        const auto ends = unix_connection();
        auto* frame = static_cast<std::byte*>(FramePool::allocate(300));
        const int length = 1;
        // This is what a loop would do if it didn't wait for the last completion.
        io_uring_sqe& entry = loop->ring().next_entry();
        io_uring_prep_recv(&entry, ends.server.get(), frame + 200, length, 0);
        (void)loop->ring().submit();
        FramePool::release(frame, 300);
        (void)!::write(ends.client.get(), "x", 1);
        (void)loop->ring().submit_and_wait(std::nullopt);
        (void)FramePool::allocate(300);
      },
      "a coroutine frame was written to after it was freed");
}

constexpr int points = 3;

/// Waits in one of three ways. limits_test.cc has those of a single operation.
Task<> wait_at(Loop& loop, int point, const common::Fd& fd, Error& seen) {
  std::array<std::byte, 64> buffer;
  Deadline deadline(loop, Clock::now() + 1h);
  Canceller canceller;
  std::error_code error;
  const auto keep = [&error](const auto& result) {
    EXPECT_FALSE(result);
    error = result.error();
  };
  switch (point) {
    case 0:
      keep(co_await loop.recv(fd, buffer).within(1h).until(deadline).cancelled_by(canceller));
      break;
    case 1: {
      Scope scope(loop);
      scope.spawn(wait_at(loop, 0, fd, seen));
      keep(co_await loop.poll(fd, POLLIN));
      co_await scope.join();
      break;
    }
    default: {
      uring::Condition never(loop);
      keep(co_await never.wait());
    }
  }
  seen = error == make_error_code(Error::cancelled) ? Error::cancelled : Error{};
}

CO_TEST_F(Uring, EveryWayOfWaitingCanBeCancelled) {
  const auto ends = unix_connection();
  for (int point = 0; point < points; ++point) {
    Error seen{};
    Scope scope(loop);
    scope.spawn(wait_at(loop, point, ends.server, seen));
    if (point % 2 == 0) (void)co_await loop.nop();  // otherwise it isn't even submitted
    scope.cancel();
    co_await scope.join();
    EXPECT_EQ(seen, Error::cancelled) << point;
  }
}

CO_TEST_F(Uring, EveryWayOfWaitingCanBeDestroyed) {
  const auto ends = unix_connection();
  for (int point = 0; point < points; ++point) {
    Error seen = Error::timed_out;
    {
      Scope scope(loop);
      scope.spawn(wait_at(loop, point, ends.server, seen));
      if (point % 2 == 0) (void)co_await loop.nop();
    }
    EXPECT_EQ(seen, Error::timed_out) << point;  // none of its lines ran
  }
}

// An operation may have ended although its coroutine hasn't had its turn. That's destroyed as well.
CO_TEST_F(Uring, AResultThatNobodyFetchedIsDropped) {
  auto listener = common::listen_on(tests::on_free_port(), common::SocketMode::blocking);
  const auto address = *common::Address::of_socket(*listener);
  const auto client = connect_to(address);
  auto accepting = [](Loop& l, const common::Fd& from) -> Task<> {
    (void)co_await l.accept(from);
    ADD_FAILURE() << "it was destroyed before";
  };
  {
    Scope scope(loop);
    scope.spawn(accepting(loop, *listener));
    // The scope's end submits and collects, which must close the accepted descriptor.
  }
  char byte = 0;
  EXPECT_EQ(::recv(client.get(), &byte, 1, 0), 0);
  co_return;
}

/// A short life: connects, sends its number, and is gone.
Task<> churn_client(Loop& loop, common::Address address, int number) {
  auto socket = co_await loop.socket(AF_INET, SOCK_STREAM, 0);
  if (!socket) co_return;
  const auto connected = co_await loop.connect(*socket, address);
  if (!connected) co_return;
  char text[8];
  std::memcpy(text, &number, sizeof number);
  (void)co_await loop.send(*socket, bytes_of({text, sizeof number}));
  if (number % 3 == 0) {  // leaves without a goodbye
    tests::reset(*socket);
    co_return;
  }
  std::array<std::byte, 8> answer;
  const auto received = co_await loop.recv(*socket, answer).within(5s);
  if (received && *received == sizeof number) {
    EXPECT_EQ(std::memcmp(answer.data(), &number, sizeof number), 0);
  }
}

Task<> churn_server(Loop& loop, common::Accepted client, int& wrong_peers) {
  common::Address peer;
  socklen_t size = common::Address::capacity();
  if (::getpeername(client.fd.get(), peer.data(), &size) == 0 &&
      peer.to_string() != client.peer.to_string()) {
    ++wrong_peers;
  }
  std::array<std::byte, 8> buffer;
  const auto received = co_await loop.recv(client.fd, buffer).within(50ms);
  if (!received || *received == 0) co_return;
  (void)co_await loop.send(client.fd, std::span(buffer).first(*received));
}

Task<> churn_accept(Loop& loop, const common::Fd& listener, Scope& scope, int& served,
                    int& wrong_peers) {
  while (true) {
    auto accepted = co_await loop.accept(listener);
    if (!accepted) co_return;
    ++served;
    scope.spawn(churn_server(loop, std::move(*accepted), wrong_peers));
  }
}

// Frames and buffers are reused by the thousand while timeouts, resets and results race. The peers'
// addresses belong to the accepts in progress, several at a time.
TEST_F(Uring, TenThousandConnectionsOverRecycledMemory) {
#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
  constexpr int connections = 2'000;
#else
  constexpr int connections = 10'000;
#endif
  auto listener = common::listen_on(tests::on_free_port(), common::SocketMode::blocking);
  ASSERT_TRUE(listener);
  const auto address = *common::Address::of_socket(*listener);
  int served = 0;
  int wrong_peers = 0;
  run([&]() -> Task<> {
    Scope serving(loop);
    Scope accepting(loop);
    for (int i = 0; i < 4; ++i) {
      accepting.spawn(churn_accept(loop, *listener, serving, served, wrong_peers));
    }
    for (int done = 0; done < connections; done += 50) {
      Scope clients(loop);
      for (int i = 0; i < 50; ++i) clients.spawn(churn_client(loop, address, done + i));
      if (done % 1000 == 500) continue;  // these are destroyed in flight
      co_await clients.join();
    }
    accepting.cancel();
    co_await accepting.join();
    co_await serving.join();
  });
  EXPECT_GT(served, connections * 9 / 10);
  EXPECT_EQ(wrong_peers, 0);
}

}  // namespace
