#pragma once

#include <cassert>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "uring/memory/intrusive_list.h"
#include "uring/ring.h"
#include "uring/task.h"
#include "uring/time/deadline.h"
#include "uring/trace.h"
#include "uring/wait/suspended.h"

namespace uring {

class Buffers;

/// The loop without its table of operations, for operations, waits, scopes and buffers. A program
/// has a Loop, which is derived from this. LoopCore only declares those types, so that all their
/// headers can include this one.
///
/// A turn submits the coroutines' requests, waits, collects all completions that are there, and
/// then resumes the coroutines whose operations have ended, with one system call for all of it.
class LoopCore {
 public:
  LoopCore(const LoopCore&) = delete;
  LoopCore& operator=(const LoopCore&) = delete;

  Ring& ring() { return ring_; }
  Deadlines& deadlines() { return deadlines_; }
  Trace* trace() { return trace_.get(); }

  /// Writes this trace from now on. Call it before run().
  void set_trace(std::unique_ptr<Trace> trace) { trace_ = std::move(trace); }

  /// The canceller of the running coroutine's scope.
  Canceller& current_scope() { return *current_scope_; }

  /// The same, for a coroutine that begins to wait. Only tasks of this loop may do that.
  Canceller& waiting_scope() {
    if (current_scope_ == &root_) refuse("a task of one loop must not wait in another");
    return *current_scope_;
  }

  std::uint64_t turns() const { return turns_; }

  const Setup& setup() const { return setup_; }

  /// Enables a ring that was set up `disabled`, and gives the loop to the calling thread. Once.
  Status enable();

  /// Operations since the start. Equal when nothing is in flight.
  std::uint32_t begun() const { return begun_; }
  std::uint32_t ended() const { return ended_; }

  /// When this turn began to resume coroutines, so that all decisions in a turn agree about the
  /// time. After long work in a turn, now() is that far in the past, and so is a Deadline that is
  /// renewed from now().
  Clock::time_point now() const { return now_; }

  // For operations.

  /// Makes room for entries that must go in together.
  void reserve(unsigned entries) {
    if (!ring_.has_room(entries)) make_room(entries);
  }
  io_uring_sqe& next_entry() { return ring_.next_entry(); }
  void count_begun() { ++begun_; }
  void count_ended() { ++ended_; }

  /// Waits for a completion and collects, without resuming any coroutine.
  void wait_and_collect();

  // For buffers.

  /// Adds buffers that coroutines may wait for: see lend_to_waiters().
  void add(Buffers& buffers) { buffers_.push_back(&buffers); }
  void remove(Buffers& buffers) { std::erase(buffers_, &buffers); }

  /// A number for a group of provided buffers, different from the last 65,535.
  std::uint16_t new_buffer_group() { return buffer_groups_++; }

  // For waits, scopes and tasks.

  void make_ready(Suspended& waiter) { ready_.push_back(waiter); }

  void run_in(Canceller& scope, std::coroutine_handle<> coroutine) {
    Canceller* const before = std::exchange(current_scope_, &scope);
    coroutine.resume();
    current_scope_ = before;
    destroy_ended_tasks();
  }

  /// Destroys the task's frame as soon as none of its own code is running.
  void destroy_later(Promise<void>& ended) { ended_tasks_.push_back(ended); }

 protected:
  LoopCore(const Setup& setup, Ring ring) : setup_(setup), ring_(std::move(ring)) {}
  ~LoopCore();

  void check_thread() const;
  void turn();

  const Setup setup_;
  Ring ring_;
  Clock::time_point now_ = Clock::now();

 private:
  [[noreturn, gnu::cold]] static void refuse(const char* mistake);
  void collect_what_has_come();
  void lend_to_waiters();
  void submit_and_wait();
  bool wake_at(Clock::time_point time);
  void submit();
  void note_submitted(const Status& submitted);
  bool spin();
  std::size_t collect();
  void make_room(unsigned entries);
  void run_ready();
  void destroy_ended_tasks() {
    while (Promise<void>* const ended = ended_tasks_.take_front()) ended->handle().destroy();
  }

  /// No operation has this address. Not 0, which cancel() of an empty Canceller looks for.
  static constexpr std::uint64_t alarm_user_data = 1;

  /// A number that no other thread of the process has had; the C library uses an old thread's id
  /// again.
  static std::uint64_t this_thread();

  std::uint64_t thread_ = this_thread();
  Deadlines deadlines_;
  std::unique_ptr<Trace> trace_;  ///< Null if there is none.
  Canceller root_;                ///< Holds the scopes that are made outside of any coroutine.
  Canceller* current_scope_ = &root_;
  std::uint32_t begun_ = 0;
  std::uint32_t ended_ = 0;
  std::uint64_t turns_ = 0;
  std::uint16_t buffer_groups_ = 0;
  bool must_not_sleep_ = false;                ///< In the next turn.
  std::optional<Clock::time_point> alarm_at_;  ///< When the alarm in flight ends a wait.
  __kernel_timespec alarm_in_{};
  Trace::Id alarm_id_{.number = 0, .what = "timeout"};
  std::vector<Buffers*> buffers_;
  IntrusiveList<Suspended> ready_;
  IntrusiveList<Promise<void>> ended_tasks_;
};

}  // namespace uring
