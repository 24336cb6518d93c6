#pragma once

#include <cassert>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "uring/memory/intrusive_list.h"
#include "uring/ring.h"
#include "uring/running/waiter.h"
#include "uring/task.h"
#include "uring/time/deadline.h"
#include "uring/trace.h"

namespace uring {

class Buffers;

/// What operations, waits, scopes and buffers ask of the loop that they belong to. A program has a
/// Loop, which is one. It knows their types by name only, so that all of them can include it.
class LoopCore {
 public:
  LoopCore(const LoopCore&) = delete;
  LoopCore& operator=(const LoopCore&) = delete;
  virtual ~LoopCore() { assert(begun_ == ended_); }  // whatever began has had its last completion

  Ring& ring() { return ring_; }
  Deadlines& deadlines() { return deadlines_; }
  Trace* trace() { return trace_.get(); }

  /// What cancels the scope of the coroutine that is running.
  Canceller& current_scope() { return *current_scope_; }

  std::uint64_t turns() const { return turns_; }

  // For operations.

  /// Makes room for this many entries that must go in together.
  void reserve(unsigned entries) {
    if (!ring_.has_room(entries)) make_room(entries);
  }
  io_uring_sqe& next_entry() { return ring_.next_entry(); }
  void count_begun() { ++begun_; }
  void count_ended() { ++ended_; }

  /// Waits for a completion and collects, without letting any coroutine go on.
  virtual void wait_and_collect() = 0;

  // For buffers.

  /// Buffers that coroutines may wait for: see Loop::lend_to_waiters().
  void add(Buffers& buffers) { buffers_.push_back(&buffers); }
  void remove(Buffers& buffers) { std::erase(buffers_, &buffers); }

  /// A number for a group of provided buffers, which none of the last 65,535 has been given.
  std::uint16_t new_buffer_group() { return buffer_groups_++; }

  // For waits, scopes and tasks.

  void make_ready(Waiter& waiter) { ready_.push_back(waiter); }

  void run_in(Canceller& scope, std::coroutine_handle<> coroutine) {
    Canceller* const before = std::exchange(current_scope_, &scope);
    coroutine.resume();
    current_scope_ = before;
    destroy_ended_tasks();
  }

  /// Destroys it as soon as none of its own code is running.
  void bury(Promise<void>& ended) { ended_tasks_.push_back(ended); }

 protected:
  LoopCore(Ring ring, std::unique_ptr<Trace> trace)
      : ring_(std::move(ring)), trace_(std::move(trace)) {}
  virtual void make_room(unsigned entries) = 0;

  void destroy_ended_tasks() {
    while (Promise<void>* const ended = ended_tasks_.take_front()) ended->handle().destroy();
  }

  Ring ring_;
  Deadlines deadlines_;
  const std::unique_ptr<Trace> trace_;  ///< Null: there is none.
  Canceller root_;                      ///< Of the scopes that are made outside of any coroutine.
  Canceller* current_scope_ = &root_;
  std::uint32_t begun_ = 0;
  std::uint32_t ended_ = 0;
  std::uint64_t turns_ = 0;
  std::uint16_t buffer_groups_ = 0;
  bool must_not_sleep_ = false;  ///< In the next turn.
  std::vector<Buffers*> buffers_;
  IntrusiveList<Waiter> ready_;
  IntrusiveList<Promise<void>> ended_tasks_;
};

}  // namespace uring
