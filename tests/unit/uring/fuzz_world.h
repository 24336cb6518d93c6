#pragma once

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "../sockets.h"
#include "uring/buffers.h"
#include "uring/cancel/canceller.h"
#include "uring/condition.h"
#include "uring/loop.h"
#include "uring/time/deadline.h"

// Shared by the random tasks of the fuzzer.
namespace fuzz {

/// A number of bytes and their sum, which shows if some were confused with others.
struct Tally {
  std::uint64_t bytes = 0;
  std::uint64_t sum = 0;

  void add(const std::byte* begin, std::size_t count) {
    bytes += count;
    for (std::size_t i = 0; i < count; ++i) sum += std::to_integer<unsigned>(begin[i]);
  }
  bool operator==(const Tally&) const = default;
};

/// One direction of a connection.
struct Pipe {
  const common::Fd* in = nullptr;
  const common::Fd* out = nullptr;
  Tally sent;
  Tally received;
  bool lossy = false;  ///< Set if a coroutine was destroyed that may have held bytes.
};

constexpr std::size_t pipes_count = 4;
constexpr unsigned limits_count = 3;  ///< Of deadlines, and of cancellers.

/// The deadlines and cancellers of random tasks, and the dice.
class Chance {
 public:
  Chance(uring::Loop& on, unsigned seed) : loop(on), random_(seed) {
    for (auto& each : deadlines) each.emplace(loop);
  }

  unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }
  bool once_in(unsigned n) { return below(n) == 0; }

  /// Returns a timeout that is often long enough for anything, and seldom over already.
  std::chrono::nanoseconds timeout() {
    if (once_in(16)) return std::chrono::microseconds(0);
    return once_in(2) ? std::chrono::microseconds(below(300)) : std::chrono::microseconds(20'000);
  }
  uring::Deadline& deadline() { return *deadlines.at(below(limits_count)); }
  uring::Canceller& canceller() { return cancellers.at(below(limits_count)); }

  /// Moves a deadline, cancels, or permits again.
  void meddle() {
    switch (below(6)) {
      case 0:
        canceller().cancel(once_in(2) ? uring::Error::cancelled : uring::Error::timed_out);
        break;
      case 1:
        canceller().reset();
        break;
      default:
        deadline().renew(uring::Clock::now() + timeout());
    }
  }

  uring::Loop& loop;
  std::array<std::optional<uring::Deadline>, limits_count> deadlines;
  std::array<uring::Canceller, limits_count> cancellers;

 private:
  std::mt19937 random_;
};

/// Adds limits of every kind.
auto limited(Chance& chance, auto awaitable) {
  return std::move(awaitable)
      .within(chance.timeout())
      .cancelled_by(chance.canceller())
      .until(chance.deadline());
}

/// The connections and buffers that the tasks use.
class World : public Chance {
 public:
  World(uring::Loop& on, uring::Buffers& from, unsigned seed)
      : Chance(on, seed), buffers(from), condition(on) {
    for (std::size_t i = 0; i < pipes_count; ++i) {
      auto& ends = ends_.at(i / 2);
      if (i % 2 == 0) ends = tests::unix_connection();
      constexpr int small = 4608;  // so that sends fall short, or wait
      pipes.at(i).in = i % 2 == 0 ? &ends.client : &ends.server;
      pipes.at(i).out = i % 2 == 0 ? &ends.server : &ends.client;
      (void)::setsockopt(pipes.at(i).out->get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    }
  }

  Pipe& pipe() { return pipes.at(below(pipes_count)); }

  void fill(std::vector<std::byte>& bytes) {
    for (std::byte& each : bytes) each = static_cast<std::byte>(below(256));
  }
  std::size_t size() { return once_in(8) ? below(60'000) + 1 : below(64) + 1; }

  uring::Buffers& buffers;
  std::array<Pipe, pipes_count> pipes;
  uring::Condition condition;

 private:
  std::array<tests::Ends, pipes_count / 2> ends_;
};

/// Notes that bytes may be lost, unless the coroutine that holds it gets to done().
class Witness {
 public:
  explicit Witness(bool& lossy) : lossy_(lossy) {}
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  ~Witness() {
    if (!done_) lossy_ = true;
  }
  void done() { done_ = true; }

 private:
  bool& lossy_;
  bool done_ = false;
};

}  // namespace fuzz
