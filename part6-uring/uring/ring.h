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

/// What the kernel says about a request.
struct Completion {
  std::uint64_t user_data;  ///< The request's.
  int result;               ///< What the system call would return, or -errno.
  std::uint32_t flags;
};

/// The two queues shared with the kernel. Knows nothing of operations.
class Ring {
 public:
  /// Errors: Error::kernel_too_old, it lacks what Linux 6.1 has; function_not_supported,
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

  /// Whether the ring may do it: permit_only().
  bool permits(int opcode) const { return permitted_[static_cast<std::size_t>(opcode)]; }

  /// Whether this many entries can certainly be filled in before the next submission: there was
  /// room for them when we last looked, and the kernel may have taken others since.
  bool has_room(std::uint32_t entries) const { return room_end_ - ring_.sq.sqe_tail >= entries; }

  /// Looks what the kernel has taken, and returns how many entries fit now.
  std::uint32_t look_for_room();

  /// A cleared entry. Only when it has_room().
  io_uring_sqe& next_entry() {
    assert(ring_.sq.sqe_tail != room_end_);
    io_uring_sqe& entry = ring_.sq.sqes[ring_.sq.sqe_tail++ & ring_.sq.ring_mask];
    // Not every io_uring_prep_…() sets every field, and the entry was used before.
    entry = {};
    return entry;
  }

  /// Hands over what was filled in, and lets the kernel make completions. Does not wait. An entry
  /// that the kernel refuses has its completion, and delays no other.
  /// Errors: EBUSY and EAGAIN when completions have to be collected first, or memory is short. Then
  /// and, after an EAGAIN half-way, without an error, some entries are left: has_unsubmitted().
  Status submit();

  /// The same, and waits until there is a completion or `timeout` has passed. EINTR is no error.
  /// Does not wait when entries are left.
  Status submit_and_wait(std::optional<std::chrono::nanoseconds> timeout);

  /// Whether there are entries that the kernel has not taken.
  bool has_unsubmitted() { return io_uring_sq_ready(&ring_) > 0; }

  /// The credentials that the calling thread has now, by a number that requests can bear:
  /// Awaitable::as(). They stay what they are when the thread gives its own up. All of them count:
  /// files are opened with the effective ids, and a Unix socket tells its other end the sender's
  /// real ones (unix(7), SCM_CREDENTIALS). Any thread may call it while the ring is disabled.
  /// Error: EBUSY, there are 65,535 already; after permit_only(), EACCES.
  Result<std::uint16_t> register_credentials();

  /// From enable() on, the ring does nothing but these operations, IORING_OP_…, and what ends them
  /// early. Others end with EACCES, and nothing can be registered any more. What this kernel does
  /// not know is left out. Once, while the ring is disabled. Errors: EBADFD, it is not; EBUSY.
  Status permit_only(std::span<const int> operations);

  /// Lets a ring that was set up `disabled` begin. For the thread that will use it.
  Status enable();

  bool has_completion() const { return io_uring_cq_ready(&ring_) > 0; }

  /// Takes the oldest completion; false: there is none. The kernel learns what was taken when all
  /// was, or with the next submission.
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
