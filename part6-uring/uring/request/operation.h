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

/// The most that one request asks for. At a time, the kernel moves no more than whole pages below 2
/// GiB, and cuts longer requests. This is its limit with pages of 64 KiB.
inline constexpr std::size_t request_bytes_max = 0x7fff0000;

/// How much of `bytes` a request asks for. An entry has 32 bits for it, so 4 GiB would become 0,
/// and receiving 0 bytes would look like the end of the stream.
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
  /// only then do we know which was first, so a result that the kernel already had isn't lost.
  void cancel(Error reason) override;

  std::uint64_t user_data() const override { return user_data_of(Part::request); }

  /// The name of the operation: `recv`.
  virtual const char* what() const = 0;

  bool in_flight() const { return outstanding_ > 0; }

  /// The reason of a cancel; Error{}: none.
  Error reason() const { return reason_; }

  /// The error for a negative result, in view of reason().
  [[gnu::cold]] std::error_code error_of(int result) const;

  /// The operation's identity in the trace, if there is one.
  Trace::Id trace_id() const { return {.number = number_, .what = what()}; }

  /// Called by the loop when a completion with our user_data has arrived. A request has one; one
  /// that sends without copying has two, and all but the last have IORING_CQE_F_MORE.
  void completed(Part part, int result, std::uint32_t flags) {
    assert(in_flight());
    if (part == Part::cancel_request) return cancel_answered(result);
    answered_ = true;
    if (result < 0) failed(result, flags);
    // This flag says that the buffer of a zero-copy send is free; the result came before.
    if ((flags & IORING_CQE_F_NOTIF) == 0) set_result(result, flags);
    if ((flags & IORING_CQE_F_MORE) == 0) complete_one();
  }

 protected:
  /// Unless it is `cancellable`, no timeout and no canceller ends it early.
  Operation(LoopCore& loop, bool cancellable) : loop_(&loop), cancellable_(cancellable) {}
  /// A derived class has to call cancel_and_wait() in its own destructor.
  ~Operation() { assert(!in_flight()); }

  /// Cleans up after a failure as soon as it has arrived, because the coroutine may fetch the
  /// result long afterwards.
  virtual void failed(int result, std::uint32_t flags) = 0;

  /// Notes the coroutine to resume when the operation has ended.
  void note(std::coroutine_handle<> awaiting) { suspended_.set(loop_->waiting_scope(), awaiting); }

  /// Begins the operation within the current scope, with an entry for which there is room: see
  /// LoopCore::reserve(). The caller fills the entry in and hands it to tag().
  io_uring_sqe& begin() {
    assert(!in_flight());
    outstanding_ = 1;
    loop_->count_begun();
    loop_->current_scope().add(*this);
    return loop_->next_entry();
  }

  /// Tags the entry, so that completions find this operation. The next submission hands over the
  /// entry.
  void tag(io_uring_sqe& entry) {
    entry.user_data = user_data_of(Part::request);
    if (loop_->trace() != nullptr) trace_begun(entry);
  }

  /// Counts a completion. With the last, the operation has ended.
  void complete_one() {
    if (--outstanding_ > 0) return;
    loop_->count_ended();
    if (loop_->trace() != nullptr) trace_end();
    unlink();  // from its scope
    unclaimed_ = true;
    loop_->make_ready(suspended_);
  }

  /// Asks the kernel to end the operation soon, and returns when it has.
  void cancel_and_wait() {
    if (in_flight()) cancel_and_wait_slow();
  }

  /// Ends the operation with `reason` before it has begun.
  void refuse(Error reason);

  Error reason_not_to_begin() const { return loop_->current_scope().reason(); }

  LoopCore& loop() const { return *loop_; }

  /// Takes the result, for the coroutine. Until then, an operation that has ended is_unclaimed().
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

  /// Whether a cancel request may find the operation. If only the memory isn't free yet, after the
  /// result, we don't ask the kernel.
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
  std::uint8_t pause_ = 0;  // index of the next pause before we ask again
  bool answered_ = false;   ///< Has the result; a zero-copy send may still wait for its memory.
  bool unclaimed_ = false;  ///< Has ended, but nobody fetched the result.
  const bool cancellable_;
};

static_assert(alignof(Operation) > Operation::part_mask, "an address has room for a Part");

}  // namespace uring
