#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <chrono>

#include "uring/buffers.h"
#include "uring/extra/stream.h"
#include "uring/operation/newer_kernels.h"
#include "uring/operation/request.h"

namespace uring {

class AcceptMany {
 public:
  using Value = Fd;
  static constexpr const char* what = "accept_stream";
  explicit AcceptMany(Descriptor listener) : listener_(listener) {}
  void prepare(io_uring_sqe& entry) const {
    // No address: the next one would be written over it. getpeername(2) tells.
    io_uring_prep_accept(&entry, listener_.number(), nullptr, nullptr, SOCK_CLOEXEC);
    listener_.mark(entry);
  }
  static void make_multishot(io_uring_sqe& entry) { entry.ioprio |= IORING_ACCEPT_MULTISHOT; }
  static Result<Fd> decode(int result, std::uint32_t /*flags*/) { return Fd(result); }

 private:
  Descriptor listener_;
};

/// One receive into a buffer that the kernel chooses; see also RecvStream.
class RecvLease {
 public:
  using Value = Lease;
  static constexpr const char* what = "recv";
  RecvLease(Descriptor fd, Buffers& buffers) : fd_(fd), buffers_(&buffers) {}
  void prepare(io_uring_sqe& entry) const {
    io_uring_prep_recv(&entry, fd_.number(), nullptr, 0, 0);
    fd_.mark(entry);
    buffers_->mark(entry);
  }
  void failed(int result, std::uint32_t flags) const { buffers_->receive_failed(result, flags); }
  Result<Lease> decode(int result, std::uint32_t flags) const {
    return buffers_->lease(result, flags);
  }

 private:
  Descriptor fd_;
  Buffers* buffers_;
};

class RecvMany : public RecvLease {
 public:
  static constexpr const char* what = "recv_stream";
  using RecvLease::RecvLease;
  static void make_multishot(io_uring_sqe& entry) { entry.ioprio |= IORING_RECV_MULTISHOT; }
};

class PollMany {
 public:
  using Value = unsigned;
  static constexpr const char* what = "poll_stream";
  PollMany(Descriptor fd, unsigned events) : fd_(fd), events_(events) {}
  void prepare(io_uring_sqe& entry) const {
    io_uring_prep_poll_add(&entry, fd_.number(), events_);
    fd_.mark(entry);
  }
  static void make_multishot(io_uring_sqe& entry) { entry.len |= IORING_POLL_ADD_MULTI; }

 private:
  Descriptor fd_;
  unsigned events_;
};

class TimeoutMany : public SleepRequest {
 public:
  static constexpr const char* what = "timeout_stream";
  // Since 6.4, which has brought no operation: the next that has are those of 6.7.
  static constexpr int sign = op_futex_wait;
  static constexpr unsigned multishot_flag = 1U << 6;  // IORING_TIMEOUT_MULTISHOT
  explicit TimeoutMany(std::chrono::nanoseconds every) : SleepRequest(every) {}
  static void make_multishot(io_uring_sqe& entry) { entry.timeout_flags |= multishot_flag; }
};

/// Connections as they come. Does not stop at a number: all that wait in the backlog are taken.
/// Errors: EMFILE, ENFILE: pause before asking again, or a core is burnt.
///
///     AcceptStream clients(loop, listener);
using AcceptStream = Stream<AcceptMany>;

/// Bytes as they come; an empty lease at the end of the stream. Error: no_buffer_space, wait for
/// Buffers::returned() before asking again.
///
///     RecvStream stream(loop, fd, buffers);
using RecvStream = Stream<RecvMany>;

/// The events that a descriptor has, whenever they change.
///
///     PollStream events(loop, fd, POLLIN);
using PollStream = Stream<PollMany>;

/// A beat.
///
///     TimeoutStream beat(loop, 50ms);
using TimeoutStream = Stream<TimeoutMany>;

}  // namespace uring
