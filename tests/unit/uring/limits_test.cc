// A waiting operation of each kind, with each way to end it early, and each way to begin it. It
// must end in time, with the right error, and meanwhile the loop must not spin.

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "fixture.h"

namespace {

using namespace tests;
using uring::Canceller;

enum class End {
  within,
  until_time,
  until_deadline,
  cancelled_by,
  scope_cancel,
  destroyed,
  cancel
};

/// How to end one operation, and how it ended.
class Case {
 public:
  Case(uring::Loop& loop, End by, bool is_async, std::chrono::milliseconds time)
      : end(by),
        async(is_async),
        limit(time),
        due(uring::Clock::now() + time),
        deadline(loop, due),
        peer(tcp_connection()) {}

  const End end;
  const bool async;
  const std::chrono::milliseconds limit;
  const uring::Clock::time_point due;
  uring::Deadline deadline;
  uring::Canceller canceller;
  const Ends peer;  ///< A connection whose client reads nothing.
  std::optional<std::error_code> outcome;

  template <typename T>
  void ended(const uring::Result<T>& result) {
    outcome = result ? std::error_code() : result.error();
  }
  std::error_code expected() const {
    const bool is_time = end == End::within || end == End::until_time || end == End::until_deadline;
    return make_error_code(is_time ? uring::Error::timed_out : uring::Error::cancelled);
  }

  /// Drops the connection, so the kernel gives up the bytes that the peer hasn't acknowledged.
  void drop_connection() const {
    const sockaddr nobody{.sa_family = AF_UNSPEC, .sa_data = {}};
    EXPECT_EQ(::connect(peer.server.get(), &nobody, sizeof nobody), 0);
  }
};

enum class Begins { both_ways, async_only };

/// The operation ends on request, or only through the peer. A zero-copy send has its result
/// immediately, and then waits for the peer's acknowledgement, when no request finds it any more.
enum class Ended { when_asked, by_the_peer };

struct Waiting {
  const char* name;
  uring::Task<> (*start)(uring::Loop&, Case&);
  Begins begins = Begins::both_ways;  ///< Inline, opening a FIFO doesn't wait.
  Ended ended = Ended::when_asked;
};

/// Awaits what make() returns, with the case's limit.
template <typename Make>
Task<> limited(Case& by, Make make) {
  auto awaited = by.async ? make().async() : make();
  if (by.end == End::within) {
    by.ended(co_await std::move(awaited).within(by.limit));
  } else if (by.end == End::until_time) {
    by.ended(co_await std::move(awaited).until(by.due));
  } else if (by.end == End::until_deadline) {
    by.ended(co_await std::move(awaited).until(by.deadline));
  } else if (by.end == End::cancelled_by || by.end == End::cancel) {
    by.ended(co_await std::move(awaited).cancelled_by(by.canceller));
  } else {
    by.ended(co_await std::move(awaited));
  }
}

Task<> wait_to_read(Loop& loop, Case& by) {
  const Pipe pipe;
  std::array<std::byte, 8> to;
  co_await limited(by, [&] { return loop.read(pipe.out, to); });
}

class Fifo {
 public:
  Fifo() {
    std::string name = "/tmp/limits-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    EXPECT_EQ(::mkfifo(path().c_str(), 0600), 0);
  }
  ~Fifo() { std::filesystem::remove_all(directory_); }
  std::string path() const { return directory_ + "/fifo"; }

 private:
  std::string directory_;
};

Task<> wait_to_open(Loop& loop, Case& by) {
  const Fifo fifo;
  const std::string path = fifo.path();
  co_await limited(by, [&] { return loop.openat(loop.working_dir(), path.c_str(), O_RDONLY); });
}

Task<> wait_to_recv(Loop& loop, Case& by) {
  std::array<std::byte, 8> to;
  co_await limited(by, [&] { return loop.recv(by.peer.server, to); });
}

/// More than the kernel sends to a peer that reads nothing.
// an ordinary user may lock 8 MiB, and the ring has some of that
constexpr std::size_t too_much = 4 << 20;

/// The loop has no such operation; it stands for a program's own, with two completions. The second
/// says that the memory is free, and only then has the operation ended.
class SendZc {
 public:
  using Value = std::size_t;
  static constexpr const char* what = "send_zc";
  SendZc(const common::Fd& fd, std::span<const std::byte> from) : fd_(fd.get()), from_(from) {}
  void prepare(io_uring_sqe& entry) const {
    io_uring_prep_send_zc(&entry, fd_, from_.data(), from_.size(), MSG_NOSIGNAL, 0);
  }

 private:
  int fd_;
  std::span<const std::byte> from_;
};

Task<> wait_to_send_zc(Loop& loop, Case& by) {
  const std::vector<std::byte> from(too_much);
  co_await limited(by, [&] { return loop.start(SendZc(by.peer.server, from)); });
}

Task<> wait_to_sleep(Loop& loop, Case& by) {
  co_await limited(by, [&] { return loop.sleep(1h); });
}

// One of each kind: a socket is watched, a pipe may be in an io worker, an open is in one, a send's
// memory is the kernel's until the peer acknowledges, and a timer runs.
constexpr Waiting operations[] = {
    {"recv", wait_to_recv},
    {"read", wait_to_read},
    {"openat", wait_to_open, Begins::async_only},
    {"send_zc", wait_to_send_zc, {}, Ended::by_the_peer},
    {"sleep", wait_to_sleep},
};

constexpr std::array<std::pair<End, const char*>, 7> every_end{
    {{End::within, "within"},
     {End::until_time, "until(time_point)"},
     {End::until_deadline, "until(Deadline)"},
     {End::cancelled_by, "cancelled_by"},
     {End::scope_cancel, "scope.cancel"},
     {End::destroyed, "the scope is destroyed"},
     {End::cancel, "loop.cancel"}}};

constexpr auto short_pause = 2ms;  ///< Afterwards, an io worker has every operation that needs one.
constexpr auto hang_guard = 5s;

/// Names the case if the thread waits for an operation that doesn't end, and ends the process. It
/// drops the connection first, because with a zero-copy send in flight, the kernel thread of
/// `sqpoll` would spin.
class Watchdog {
 public:
  Watchdog(std::string name, const Case& by)
      : thread_([this, name = std::move(name), &by](const std::stop_token& stop) {
          std::unique_lock lock(mutex_);
          const auto is_over = [&] { return stop.stop_requested(); };
          // We ignore the result: g++ 12's returns false immediately if the stop comes between its
          // look at the condition and its look at the token.
          (void)over_.wait_for(lock, stop, 4 * hang_guard, is_over);
          if (is_over()) return;
          std::fprintf(stderr, "%s: it goes on\n", name.c_str());
          by.drop_connection();
          std::abort();
        }) {}

 private:
  std::mutex mutex_;
  std::condition_variable_any over_;
  std::jthread thread_;
};

/// On Linux 6.1 the worker's call ends with EINTR if only the kernel was told to cancel, because
/// nothing here knows that the operation is about to end.
bool is_as_asked(const Case& by, End end) {
  return by.outcome.value() == by.expected() ||
         (end == End::cancel && by.outcome.value() == std::errc::interrupted);
}

class UringLimits : public tests::Uring, public ::testing::WithParamInterface<Waiting> {
 protected:
  bool peer_decides() const { return GetParam().ended == Ended::by_the_peer; }

  /// Waits for bytes, because then the send has its result, or a worker is about to report it. A
  /// machine may be too busy to begin within the limit, and then the send ends like any other
  /// operation.
  Task<bool> has_begun_to_send(const Case& by) {
    const auto bytes = co_await loop.poll(by.peer.client, POLLIN).within(hang_guard);
    co_return bytes.has_value();
  }

  /// Asks again, because the operation may be on its way from one io worker to another, where the
  /// kernel doesn't find it.
  Task<> cancel_by_hand(const Canceller& canceller) {
    for (int i = 0; i < 5; ++i) {
      const auto asked = co_await loop.cancel(canceller);
      if (asked || asked.error() != std::errc::no_such_file_or_directory) co_return;
      (void)co_await loop.sleep(short_pause);
    }
  }

  static Task<> join(Scope& scope, const Case& by) {
    const auto joined = co_await scope.join().within(hang_guard);
    EXPECT_THAT(joined, Succeeded()) << "it goes on";
    if (!joined) by.drop_connection();
    scope.cancel();
    co_await scope.join();
  }

  Task<> try_one(End end, bool async, const std::string& name) {
    Case by(loop, end, async, peer_decides() ? 100ms : 2 * short_pause);
    const Watchdog watchdog(name, by);
    const auto began = uring::Clock::now();
    const auto turns = loop.turns();
    const unsigned entries = loop.ring().raw().sq.sqe_tail;
    bool by_peer = false;
    {
      std::jthread peer;
      Scope scope(loop);
      scope.spawn(GetParam().start(loop, by));
      if (peer_decides()) by_peer = co_await has_begun_to_send(by);
      (void)co_await loop.sleep(short_pause);
      if (end == End::cancelled_by) by.canceller.cancel();
      if (end == End::scope_cancel) scope.cancel();
      if (end == End::cancel) co_await cancel_by_hand(by.canceller);
      if (by_peer && end == End::destroyed) {
        peer = std::jthread([&by] {
          std::this_thread::sleep_for(20ms);
          by.drop_connection();
        });
      } else if (by_peer) {
        (void)co_await loop.sleep(by.due + 10ms - Clock::now());
        EXPECT_EQ(scope.size(), 1u) << "its memory is still the kernel's";
        by.drop_connection();
      }
      if (end != End::destroyed) co_await join(scope, by);
    }
    if (end == End::destroyed) {
      EXPECT_FALSE(by.outcome.has_value()) << "no line of it may run";
    } else if (by_peer) {
      EXPECT_EQ(by.outcome.value(), std::error_code()) << "a result that is there wins";
    } else {
      EXPECT_TRUE(is_as_asked(by, end)) << by.outcome->message();
    }
    // If an operation can't be cancelled yet, the loop asks again each millisecond. If it asked
    // more often, it would spin.
    const auto milliseconds = static_cast<unsigned>((uring::Clock::now() - began) / 1ms);
    EXPECT_LT(loop.turns() - turns, 30 + 3 * milliseconds);
    EXPECT_LT(loop.ring().raw().sq.sqe_tail - entries, 30 + 3 * milliseconds);
  }

  Task<> try_all() {
    for (const auto& [end, name] : every_end) {
      for (const bool async : {false, true}) {
        if (!async && GetParam().begins == Begins::async_only) continue;
        const auto about = std::string(GetParam().name) + ", " + name + (async ? ", async" : "");
        SCOPED_TRACE(about);
        co_await try_one(end, async, about);
      }
    }
  }
};

TEST_P(UringLimits, EndItInTimeWithTheErrorThatWasAskedFor) {
  if (peer_decides() && loop.ring().sqpoll()) {
    GTEST_SKIP() << "if this test were killed with it in flight, the kernel's thread would spin "
                    "until the connection ends, and both its ends are in this process";
  }
  run([this] { return try_all(); });
}

// The second completion has a result, too: 0.
CO_TEST_F(Uring, AZeroCopySendYieldsHowMuchItSent) {
  const auto ends = tests::tcp_connection();
  const SendZc send(ends.client, bytes_of("hello"));
  EXPECT_EQ(co_await loop.start(send), Result<std::size_t>(5u));
}

INSTANTIATE_TEST_SUITE_P(Every, UringLimits, ::testing::ValuesIn(operations),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
