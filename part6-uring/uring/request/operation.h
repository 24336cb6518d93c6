#pragma once

#include <liburing.h>

#include <algorithm>
#include <cassert>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>

#include "uring/cancel/canceller.h"
#include "uring/loop_core.h"
#include "uring/trace.h"
#include "uring/wait/suspended.h"

namespace uring {

using ConstBytes = std::span<const std::byte>;
using Bytes = std::span<std::byte>;

/// What one request asks for at most. The kernel moves no more at a time than whole pages below
/// 2 GiB, and cuts what is longer: here to what it moves where pages have 64 KiB.
inline constexpr std::size_t request_bytes_max = 0x7fff0000;

/// How much of `bytes` a request asks for. An entry has 32 bits for it: of 4 GiB they would say
/// nothing, and to receive that much would look like the end of the stream.
inline std::uint32_t length_of(ConstBytes bytes) {
  return static_cast<std::uint32_t>(std::min(bytes.size(), request_bytes_max));
}

/// One request to the kernel and everything that belongs to it.
///
/// The rule of lifetimes, on which this library is built: **an operation, and all memory that
/// it lent to the kernel, stays where it is until its last completion.** It is kept here and
/// nowhere else:
/// - Every entry that we submit carries an operation's address as its user_data: the request, and a
///   request to cancel it. The low bits say which of them it is. So each completion finds its
///   operation, and an operation counts how many are to come.
/// - When the last has arrived the operation has *ended*. Only then does its coroutine go on, and
///   only then can its result be taken. So a buffer is free when the result says so, and a cancel
///   request never outlives what it is about. As an address names one operation until all entries
///   that carry it are done, no completion can reach another.
/// - An operation is a part of the awaiting coroutine's frame. Code that destroys it before its
///   end, by destroying the frame, is made to wait: cancel_and_wait() cancels it and collects
///   completions until the last is there. No coroutine runs meanwhile. Classes that are final call
///   it in their destructor.
class Operation : public Cancellable {
 public:
  /// Which of the entries that carry an operation's address a completion belongs to.
  enum class Part : std::uint64_t { request, cancel_request };
  static constexpr std::uint64_t part_mask = 1;

  /// Asks the kernel, and again if the answer is no. The end comes with the last completion, and
  /// only then is it known which was first: a result that the kernel had already is not lost.
  void cancel(Error reason) override;

  std::uint64_t user_data() const override { return user_data_of(Part::request); }

  /// What is being done: `recv`.
  virtual const char* what() const = 0;

  bool in_flight() const { return outstanding_ > 0; }

  /// Why it was asked to be cancelled; Error{}: it was not.
  Error reason() const { return reason_; }

  /// What a negative result of it means, in view of why it was asked to be cancelled.
  [[gnu::cold]] std::error_code error_of(int result) const;

  /// Which of the operations in the trace it is, if there is one.
  Trace::Id trace_id() const { return {.number = number_, .what = what()}; }

  /// A completion with our user_data has arrived. For the loop. The request itself has one; one
  /// that sends without copying has two, and all but the last have IORING_CQE_F_MORE.
  void completed(Part part, int result, std::uint32_t flags) {
    assert(in_flight());
    if (part == Part::cancel_request) return cancel_answered(result);
    answered_ = true;
    if (result < 0) failed(result, flags);
    // With the flag, the buffer of a zero-copy send is free: its result was there before.
    if ((flags & IORING_CQE_F_NOTIF) == 0) set_result(result, flags);
    if ((flags & IORING_CQE_F_MORE) == 0) complete_one();
  }

 protected:
  /// If it is not `cancellable`, no timeout and no canceller ends it early.
  Operation(LoopCore& loop, bool cancellable) : loop_(&loop), cancellable_(cancellable) {}
  /// The class derived from this one has called cancel_and_wait() in its own destructor.
  ~Operation() { assert(!in_flight()); }

  /// Puts right what a failure has left, as soon as it has arrived: its result may be fetched long
  /// afterwards.
  virtual void failed(int result, std::uint32_t flags) = 0;

  /// Notes which coroutine is to go on when the operation has ended.
  void note(std::coroutine_handle<> awaiting) { suspended_.set(loop_->current_scope(), awaiting); }

  /// Begins it within the current scope, with an entry for which there is room: see
  /// LoopCore::reserve(). The caller fills the entry in and hands it to tag().
  io_uring_sqe& begin() {
    assert(!in_flight());
    outstanding_ = 1;
    loop_->count_begun();
    loop_->current_scope().add(*this);
    return loop_->next_entry();
  }

  /// Has the entry's completions find the way here; the next call hands it to the kernel.
  void tag(io_uring_sqe& entry) {
    entry.user_data = user_data_of(Part::request);
    if (loop_->trace() != nullptr) trace_begun(entry);
  }

  /// One completion fewer is to come. With the last, the operation has ended.
  void complete_one() {
    if (--outstanding_ > 0) return;
    loop_->count_ended();
    if (loop_->trace() != nullptr) trace_end();
    unlink();  // from its scope
    unclaimed_ = true;
    loop_->make_ready(suspended_);
  }

  /// Returns when the kernel has done with it, which it is asked to be soon.
  void cancel_and_wait() {
    if (in_flight()) cancel_and_wait_slow();
  }

  /// Why it will not even begin; Error{}: it will.
  void refuse(Error reason);

  Error reason_not_to_begin() const { return loop_->current_scope().reason(); }

  LoopCore& loop() const { return *loop_; }

  /// The result, for the coroutine; until then, an operation that has ended is_unclaimed().
  int claim_result() {
    unclaimed_ = false;
    return result_;
  }
  bool is_unclaimed() const { return unclaimed_; }
  std::uint32_t flags() const { return flags_; }

  std::uint64_t user_data_of(Part part) const {
    return reinterpret_cast<std::uintptr_t>(this) | static_cast<std::uint64_t>(part);
  }

 private:
  enum class Ask { now, later };

  /// Whether a cancel request may find it: no more, where it has had its result and waits for its
  /// memory. Then the kernel is not asked.
  bool can_be_found() const { return !answered_ && cancellable_; }
  void set_result(int result, std::uint32_t flags) {
    result_ = result;
    flags_ = flags;
  }

  [[gnu::cold]] void trace_begun(const io_uring_sqe& entry);
  [[gnu::cold]] void trace_end() const;
  void cancel_and_wait_slow();
  void ask_to_cancel(Ask when);
  void cancel_answered(int result);

  LoopCore* loop_;
  Suspended suspended_;
  int result_ = 0;
  std::uint32_t flags_ = 0;
  std::uint32_t number_ = 0;
  std::uint16_t outstanding_ = 0;
  Error reason_{};
  bool cancel_asked_ = false;
  std::uint8_t pause_ = 0;  // which one is next, before it is asked again
  bool answered_ = false;   ///< Has its result; a zero-copy send may wait for its memory.
  bool unclaimed_ = false;  ///< Has ended, and its result was not fetched.
  const bool cancellable_;
};

static_assert(alignof(Operation) > Operation::part_mask, "an address has room for a Part");

}  // namespace uring
