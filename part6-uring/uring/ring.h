#pragma once

#include <liburing.h>

#include <chrono>
#include <optional>
#include <string>

#include "uring/error.h"
#include "uring/features.h"

namespace uring {

/// What the kernel says about a request.
struct Completion {
  std::uint64_t name;  ///< The request's user_data.
  int result;          ///< What the system call would return, or -errno.
  std::uint32_t flags;
};

/// The two queues shared with the kernel, set up as far as it allows. Knows nothing of operations.
class Ring {
 public:
  /// Tries what `setup` permits, one feature at a time, and keeps what works: features() tells.
  /// Errors: function_not_supported, operation_not_permitted, not_enough_memory and others of
  /// io_uring_setup(2); explain() says what to do.
  static Result<Ring> create(const Setup& setup);
  Ring(Ring&& other) noexcept;
  Ring& operator=(Ring&&) = delete;
  ~Ring();

  const Features& features() const { return features_; }
  bool sqpoll() const { return (ring_.flags & IORING_SETUP_SQPOLL) != 0; }
  std::uint32_t entries() const { return entries_; }
  io_uring& raw() { return ring_; }

  /// Whether the kernel knows the operation, one of IORING_OP_….
  bool supports(int opcode) const;

  std::uint32_t space_left() const { return io_uring_sq_space_left(&ring_); }

  /// A cleared entry. Only when there is space_left().
  io_uring_sqe& next_entry();

  /// Hands over what was filled in, and lets the kernel make completions. Does not wait.
  /// Errors: EBUSY and EAGAIN when completions have to be collected first.
  Status submit();

  /// The same, and waits until there is a completion or `timeout` has passed. EINTR is no error.
  Status submit_and_wait(std::optional<std::chrono::nanoseconds> timeout);

  bool has_completion() const { return io_uring_cq_ready(&ring_) > 0; }

  /// Takes the oldest completion; false: there is none.
  bool take(Completion& completion);

 private:
  Ring() = default;
  void probe(Features permitted);

  io_uring ring_{};
  Features features_;
  std::uint32_t entries_ = 0;
  std::uint64_t known_[4] = {};  ///< A bit for each opcode.
};

/// What keeps this process from using io_uring, and what to do about it, in a line.
std::string explain(std::error_code error);

}  // namespace uring
