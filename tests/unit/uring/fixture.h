#pragma once

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "../sockets.h"
#include "uring/loop.h"

/// `using namespace tests` brings a test of the loop the names that nearly all such tests use.
namespace tests {

using namespace std::chrono_literals;
using uring::Clock;
using uring::Error;
using uring::Loop;
using uring::Result;
using uring::Scope;
using uring::Task;

/// Returns the ring that the whole suite runs with: the default, everything off, or a tiny ring.
inline std::string ring_list() {
  const char* list = std::getenv("URING_TEST_RING");
  return list != nullptr ? list : "";
}

inline uring::Setup ring_setup() {
  auto setup = uring::Setup::parse(ring_list());
  if (!setup) std::abort();
  setup->check_memory = true;
  return *setup;
}

inline std::unique_ptr<Loop> make_loop(const uring::Setup& setup = ring_setup()) {
  auto loop = Loop::create(setup);
  if (!loop) {
    std::fprintf(stderr, "%s\n", uring::why_no_ring(loop.error()).c_str());
    std::abort();
  }
  return std::move(*loop);
}

/// A loop of its own for each test. After run(), all operations that began have ended.
class Uring : public ::testing::Test {
 protected:
  explicit Uring(std::unique_ptr<Loop> made = make_loop())
      : owner_(std::move(made)), loop(*owner_) {}

  /// `body` is a lambda that returns a Task<>. It lives until the task has ended.
  template <typename Body>
  void run(Body body) {
    loop.run(body());
    EXPECT_EQ(loop.begun(), loop.ended());
  }

 private:
  std::unique_ptr<Loop> owner_;

 protected:
  Loop& loop;
};

/// TEST_F() with a coroutine as its body, which runs in the fixture's loop.
#define CO_TEST_F(fixture, name)                                                     \
  class fixture##_##name : public fixture {                                          \
    void TestBody() override {                                                       \
      run([this] { return body(); });                                                \
    }                                                                                \
    uring::Task<> body();                                                            \
  };                                                                                 \
  [[maybe_unused]] const auto* const registered_##fixture##_##name =                 \
      ::testing::RegisterTest(#fixture, #name, nullptr, nullptr, __FILE__, __LINE__, \
                              []() -> fixture* { return new fixture##_##name; });    \
  uring::Task<> fixture##_##name::body()

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Awaits in a task of its own, for a scope, and keeps the result.
Task<> keep_result(auto awaitable, auto& result) { result = co_await std::move(awaitable); }

struct Pipe {
  Pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    out = common::Fd(ends[0]);
    in = common::Fd(ends[1]);
  }
  common::Fd out;
  common::Fd in;
};

/// Receives a few bytes.
inline Task<Result<std::size_t>> receive(Loop& loop, const common::Fd& fd) {
  std::array<std::byte, 16> buffer;
  co_return co_await loop.recv(fd, buffer);
}

MATCHER_P(FailedWith, expected, "") {
  if (arg.has_value()) {
    *result_listener << "succeeded";
    return false;
  }
  *result_listener << arg.error().message();
  return arg.error() == expected;
}

inline auto TimedOut() { return FailedWith(Error::timed_out); }
inline auto Cancelled() { return FailedWith(Error::cancelled); }

MATCHER(Succeeded, "") {
  if (!arg.has_value()) *result_listener << arg.error().message();
  return arg.has_value();
}

}  // namespace tests
