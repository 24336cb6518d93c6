#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "uring/operation/table.h"
#include "uring/ring.h"
#include "uring/scope.h"
#include "uring/task.h"
#include "uring/trace.h"
#include "uring/wait/deadline.h"

namespace uring {

class Buffers;

/// Runs coroutines on one thread and does their input and output through one ring.
///
///     auto loop = Loop::create({});
///     if (!loop) { … explain(loop.error()) … }
///     (*loop)->run(serve(**loop, listener));
///
/// A loop is made, run and ended in one thread: its ring takes requests from no other. Other
/// threads have extra/post.h.
///
/// A turn submits what the coroutines asked for, waits, collects all completions that are there and
/// then resumes the coroutines whose operations have ended: one system call for all of it.
class Loop : public Operations {
 public:
  /// Errors: those of Ring::create(), which explain() explains; of opening the trace.
  static Result<std::unique_ptr<Loop>> create(const Setup& setup, const char* trace_file = nullptr);

  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// What is still at work is cancelled and waited for, as in ~Scope().
  ~Loop();

  /// Runs the task, and whatever it spawns in scopes of its own, until it has ended; not from a
  /// coroutine, which awaits the task instead. In another thread than that which has made the loop
  /// it ends the process, and says so.
  template <typename T>
  T run(Task<T> task);

  const Features& features() const { return ring_.features(); }
  const Setup& setup() const { return setup_; }
  Ring& ring() { return ring_; }

  /// Where other rings send messages to: see extra/mailbox.h.
  int ring_fd() { return ring_.raw().ring_fd; }

  /// Operations since the start. Equal when nothing is in flight.
  std::uint32_t begun() const { return begun_; }
  std::uint32_t ended() const { return ended_; }
  std::uint64_t turns() const { return turns_; }

  /// When this turn began to let coroutines go on: all that they decide in it agrees about the
  /// time.
  Clock::time_point now() const { return now_; }

  /// Calls `hook` at the end of each turn, before the loop submits and sleeps. There is one, or
  /// none.
  void at_end_of_turn(std::function<void()> hook) { hook_ = std::move(hook); }

  /// The scope of the coroutine that is running.
  Scope& current_scope() { return *current_scope_; }
  Deadlines& deadlines() { return deadlines_; }
  Trace* trace() { return trace_.get(); }

  /// A table of this many direct descriptors. The first `own` of its slots are for the caller to
  /// choose, the rest for the kernel. Once. Error: EMFILE, more than RLIMIT_NOFILE.
  Status register_files(unsigned slots, unsigned own = 0);

  /// How many threads of the kernel's may wait for files at the same time: operations that cannot
  /// be done at once go to them. Without this call four for each processor. For the rings of this
  /// thread, and before they are restricted. io_uring_register(2), IORING_REGISTER_IOWQ_MAX_WORKERS
  Status register_iowq_max_workers(unsigned bounded);

  /// Memory that read_fixed() and write_fixed() name by its place in `buffers`. Once.
  Status register_buffers(std::span<const iovec> buffers);

  /// A number for a group of provided buffers that no other has.
  std::uint16_t new_buffer_group() { return buffer_groups_++; }

  // For operations.

  /// Makes room for this many entries that must go in together.
  void reserve(unsigned entries);
  bool has_room(unsigned entries) const { return ring_.has_room(entries); }
  io_uring_sqe& next_entry() { return ring_.next_entry(); }
  auto next_two_entries() { return ring_.next_two_entries(); }
  void count_begun() { ++begun_; }
  void count_ended() { ++ended_; }

  /// Waits for a completion and collects, without letting any coroutine go on.
  void wait_and_collect();

  /// Whether the end of a send that skips its completion is known all the same: not if another
  /// thread submits.
  bool can_skip_success() const { return !ring_.sqpoll(); }

  /// Calls completed_without_cqe() when all that was submitted so far has had its completions.
  void expect_skipped_cqe(Operation& send) { skipped_.push_back(send); }

  /// Buffers from which sends that skip their completion may send: Buffers::give_back_sent() is
  /// called when those of a turn are done.
  void add(Buffers& buffers) { buffers_.push_back(&buffers); }
  void remove(Buffers& buffers) { std::erase(buffers_, &buffers); }

  /// Calls go_on() when it lets coroutines go on. Only for operations that belong to no scope.
  void make_ready(Operation& operation) { ready_operations_.push_back(operation); }

  /// For one that is destroyed, and may be in these queues.
  void forget(Operation& operation) {
    skipped_.forget(operation);
    ready_operations_.forget(operation);
  }

  /// Does not sleep in the next turn: submitting alone will let a coroutine go on.
  void hurry() { hurry_ = true; }

  // For scopes.

  void make_ready(Waiter& waiter) { ready_.push_back(waiter); }
  void run_in(Scope& scope, std::coroutine_handle<> coroutine);

  /// From go_on(), which does nothing else after it.
  void go_on_in(Scope& scope, std::coroutine_handle<> coroutine) {
    current_scope_ = &scope;
    coroutine.resume();
  }
  void bury(Promise<void>& ended) { ended_tasks_.push_back(ended); }

 private:
  Loop(const Setup& setup, Ring ring, std::unique_ptr<Trace> trace);

  void check_thread() const;
  void turn();
  bool has_ready() const { return !ready_.empty() || !ready_operations_.empty(); }
  void make_room(unsigned entries);
  void submit_and_wait();
  bool has_news() const;
  bool spin();
  void collect();
  void complete_skipped();
  void run_ready();
  void run_waiters();
  void destroy_ended_tasks();

  const std::thread::id thread_ = std::this_thread::get_id();
  Setup setup_;
  Ring ring_;
  std::unique_ptr<Trace> trace_;
  std::uint32_t begun_ = 0;
  std::uint32_t ended_ = 0;
  std::uint64_t turns_ = 0;
  Clock::time_point now_ = Clock::now();
  std::uint16_t buffer_groups_ = 0;
  std::vector<Buffers*> buffers_;
  Deadlines deadlines_;
  PointerQueue<Operation> skipped_;  ///< Sends that have been filled in or submitted.
  IntrusiveList<Waiter> ready_;
  PointerQueue<Operation> ready_operations_;
  bool hurry_ = false;
  std::function<void()> hook_;  ///< At the end of a turn.
  IntrusiveList<Promise<void>> ended_tasks_;
  Scope root_{*this, Scope::Root{}};
  Scope* current_scope_ = &root_;
};

inline Loop& OperationFactory::loop() { return static_cast<Loop&>(*this); }

// Inline is what a message passes through, each time: calls would cost as much as the work.

inline void Loop::reserve(unsigned entries) {
  if (!ring_.has_room(entries)) make_room(entries);
}

inline void Operation::mark_begun() {
  assert(!in_flight());
  result_ = 0;
  flags_ = 0;
  outstanding_ = 1;
  reason_ = Error{};
  cancel_asked_ = false;
  loop_->count_begun();
}

inline bool Operation::count_completion() {
  if (--outstanding_ > 0) return false;
  loop_->count_ended();
  if (Trace* trace = loop_->trace()) trace->ended(*this, result_);
  return true;
}

inline void Operation::complete_one() {
  if (!count_completion()) return;
  if (!shielded_) unlink();  // from its scope
  ended();
}

inline void Operation::make_ready(Waiter& waiter) { loop_->make_ready(waiter); }

inline void Operation::make_ready() {
  assert(shielded_);  // else it would have to leave its scope's list
  loop_->make_ready(*this);
}

inline void Loop::run_in(Scope& scope, std::coroutine_handle<> coroutine) {
  Scope* const before = std::exchange(current_scope_, &scope);
  coroutine.resume();
  current_scope_ = before;
  if (!ended_tasks_.empty()) destroy_ended_tasks();
}

inline void Waiter::wait(Loop& loop, std::coroutine_handle<> coroutine) {
  coroutine_ = coroutine;
  scope_ = &loop.current_scope();
}

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
