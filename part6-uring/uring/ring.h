#pragma once

#include <liburing.h>

#include <bitset>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "uring/error.h"
#include "uring/setup.h"

namespace uring {

/// The kernel's answer to a request.
struct Completion {
  std::uint64_t user_data;  ///< Of the request.
  int result;               ///< What the system call would return, or -errno.
  std::uint32_t flags;
};

/// The two queues shared with the kernel. Knows nothing of operations.
class Ring {
 public:
  /// Errors: Error::kernel_too_old if the kernel lacks what Linux 6.1 has; function_not_supported,
  /// operation_not_permitted, not_enough_memory, invalid_argument and others of io_uring_setup(2).
  /// why_no_ring() says what to do.
  static Result<Ring> create(const Setup& setup);
  Ring(Ring&& other) noexcept;
  Ring& operator=(Ring&&) = delete;
  ~Ring();

  bool sqpoll() const { return (ring_.flags & IORING_SETUP_SQPOLL) != 0; }
  std::uint32_t entries() const { return entries_; }
  io_uring& raw() { return ring_; }

  /// Whether the kernel knows the operation, one of IORING_OP_….
  bool supports(int opcode) const;

  /// Whether the ring may do the operation: see permit_only().
  bool permits(int opcode) const { return permitted_[static_cast<std::size_t>(opcode)]; }

  /// Whether this many entries certainly fit before the next submission. There was room when we
  /// last looked, and the kernel may have taken others since.
  bool has_room(std::uint32_t entries) const { return room_end_ - ring_.sq.sqe_tail >= entries; }

  /// Checks which entries the kernel has taken, and returns how many fit now.
  std::uint32_t look_for_room();

  /// Returns a cleared entry. Call it only if has_room().
  io_uring_sqe& next_entry() {
    assert(ring_.sq.sqe_tail != room_end_);
    io_uring_sqe& entry = ring_.sq.sqes[ring_.sq.sqe_tail++ & ring_.sq.ring_mask];
    // Not every io_uring_prep_…() sets every field, and the entry was used before.
    entry = {};
    return entry;
  }

  /// Submits the entries that were filled in, and lets the kernel make completions. Does not wait.
  /// An entry that the kernel refuses has a completion, and delays no other. Errors: EBUSY and
  /// EAGAIN if completions have to be collected first, or memory is short. Some entries are then
  /// left, as after an EAGAIN half-way, which isn't an error here: see has_unsubmitted().
  Status submit();

  /// Submits like submit(), and waits until there is a completion or `timeout` has passed. EINTR
  /// isn't an error. Does not wait if entries are left.
  Status submit_and_wait(std::optional<std::chrono::nanoseconds> timeout);

  /// Whether there are entries that the kernel has not taken.
  bool has_unsubmitted() { return io_uring_sq_ready(&ring_) > 0; }

  /// Registers the credentials that the calling thread has now, and returns a number for
  /// Awaitable::as(). The number keeps its meaning when the thread gives up its credentials. All
  /// ids count: the kernel opens files with the effective ids, and a Unix socket tells the other
  /// end the sender's real ids (unix(7), SCM_CREDENTIALS). Any thread may call this while the ring
  /// is disabled. Errors: EBUSY if there are 65,535 already; EACCES after permit_only().
  Result<std::uint16_t> register_credentials();

  /// Restricts the ring, from enable() on, to these operations, IORING_OP_…, and to cancels and
  /// timeouts. Others fail with EACCES, and nothing can be registered any more. Skips operations
  /// that this kernel doesn't know. Call this once, while the ring is disabled. Errors: EBADFD if
  /// the ring is enabled; EBUSY.
  Status permit_only(std::span<const int> operations);

  /// Enables a ring that was set up `disabled`. Call it in the thread that will use the ring.
  Status enable();

  bool has_completion() const { return io_uring_cq_ready(&ring_) > 0; }

  /// Takes the oldest completion; false if there is none. The kernel sees the entries as free once
  /// all are taken, or with the next submission.
  bool take(Completion& completion) {
    if (taken_ == seen_ && !look()) return false;
    const io_uring_cqe& entry = ring_.cq.cqes[taken_++ & ring_.cq.ring_mask];
    completion = {.user_data = entry.user_data, .result = entry.res, .flags = entry.flags};
    return true;
  }

 private:
  Ring() = default;
  void register_descriptor();
  void ask_for_operations();
  void give_back_taken() { io_uring_smp_store_release(ring_.cq.khead, taken_); }
  bool look();

  io_uring ring_{};
  std::uint32_t entries_ = 0;
  unsigned room_end_ = 0;   ///< How far the tail of the submission queue may go.
  unsigned taken_ = 0;      ///< How many completions were taken.
  unsigned seen_ = 0;       ///< How many completions there had been when we last looked.
  std::bitset<256> known_;  ///< A bit for each opcode.
  std::bitset<256> permitted_ = ~std::bitset<256>();  ///< All, until permit_only().
};

}  // namespace uring
