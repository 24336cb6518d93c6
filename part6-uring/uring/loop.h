#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "uring/buffers.h"
#include "uring/operation/all_operations.h"
#include "uring/ring.h"
#include "uring/scope.h"
#include "uring/task.h"
#include "uring/time/deadline.h"
#include "uring/trace.h"
#include "uring/why_no_ring.h"

namespace uring {

/// Runs coroutines on one thread and does their input and output through one ring.
///
///     auto loop = Loop::create({});
///     if (!loop) { … why_no_ring(loop.error()) … }
///     (*loop)->run(serve(**loop, listener));
///
/// A loop is made, run and ended in one thread: its ring takes requests from no other. Another
/// thread wakes it by a write to what it reads, an eventfd or a pipe.
///
/// A turn submits what the coroutines asked for, waits, collects all completions that are there and
/// then resumes the coroutines whose operations have ended: one system call for all of it.
class Loop final : public Operations {
 public:
  /// Errors: those of Ring::create(), which why_no_ring() puts into words; of opening the trace.
  static Result<std::unique_ptr<Loop>> create(const Setup& setup, const char* trace_file = nullptr);

  /// What is still at work is cancelled and waited for, as in ~Scope().
  ~Loop();

  /// Runs the task, and whatever it spawns in scopes of its own, until it has ended; not from a
  /// coroutine, which awaits the task instead. In another thread than that which has made the loop
  /// it ends the process, and says so; as ~Loop() does.
  template <typename T>
  T run(Task<T> task);

  const Setup& setup() const { return setup_; }

  /// Operations since the start. Equal when nothing is in flight.
  std::uint32_t begun() const { return begun_; }
  std::uint32_t ended() const { return ended_; }

  /// When this turn began to let coroutines go on: all that they decide in it agrees about the
  /// time. After long work in a turn it is that far in the past, and a Deadline that is renewed
  /// from it that much earlier than one from Clock::now().
  Clock::time_point now() const { return now_; }

  using Operations::recv;
  /// Into a buffer that the kernel chooses.
  auto recv(Descriptor fd, Buffers& buffers, ReceiveWhen when = ReceiveWhen::now) {
    return start(RecvLease(fd, buffers, when));
  }

  /// Calls `hook` at the end of each turn, before the loop submits and sleeps. There is one, or
  /// none.
  void at_end_of_turn(std::function<void()> hook) { hook_ = std::move(hook); }

  /// A table of this many direct descriptors. The first `own` of its slots are for the caller to
  /// choose, the rest for the kernel. Once. Error: EMFILE, more than RLIMIT_NOFILE.
  Status register_files(unsigned slots, unsigned own = 0);

  /// How many threads of the kernel's may wait for files at the same time (`bounded`), and for what
  /// is no file: operations that cannot be done at once go to them. Without this call four for each
  /// processor, and as many as RLIMIT_NPROC lets the user have. For the rings of this thread, and
  /// before they are restricted. io_uring_register(2), IORING_REGISTER_IOWQ_MAX_WORKERS
  Status register_iowq_max_workers(unsigned bounded, unsigned unbounded);

  /// Memory that read_fixed() and write_fixed() name by its place in `buffers`. Once.
  Status register_buffers(std::span<const iovec> buffers);

 private:
  Loop(const Setup& setup, Ring ring, std::unique_ptr<Trace> trace);

  void check_thread() const;
  void turn();
  void make_room(unsigned entries) override;
  void wait_and_collect() override;
  void collect_what_has_come();
  void submit_and_wait();
  bool wake_at(Clock::time_point time);
  void submit();
  void conclude(const Status& submitted);
  bool spin();
  std::size_t collect();
  void run_ready();

  static constexpr std::uint64_t alarm_user_data = 0;  ///< No operation is there.

  const std::thread::id thread_ = std::this_thread::get_id();
  Setup setup_;
  std::unique_ptr<Trace> trace_file_;
  Clock::time_point now_ = Clock::now();
  std::optional<Clock::time_point> alarm_at_;  ///< When the ring ends a wait, if it does.
  __kernel_timespec alarm_in_{};
  Trace::Id alarm_id_{.number = 0, .what = "timeout"};
  std::function<void()> hook_;  ///< At the end of a turn.
  Scope root_{*this, Scope::Root{}};
};

namespace detail {

template <typename T>
Task<> keep_value(Task<T> task, std::optional<T>& value) {
  value.emplace(co_await std::move(task));
}

inline Task<> keep_value(Task<> task, std::optional<bool>& ended) {
  co_await std::move(task);
  ended = true;
}

}  // namespace detail

template <typename T>
T Loop::run(Task<T> task) {
  using Kept = std::conditional_t<std::is_void_v<T>, bool, T>;
  std::optional<Kept> value;
  check_thread();
  now_ = Clock::now();
  root_.spawn(detail::keep_value(std::move(task), value));
  while (!value) turn();
  if constexpr (!std::is_void_v<T>) return std::move(*value);
}

}  // namespace uring
