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
  // The kernel finds no timeout to cancel while it is about to set it again. For one that is always
  // due that is always so: it could not be stopped, and the thread would wait for it for ever.
  static constexpr auto multishot_min = std::chrono::milliseconds(1);
  // Since 6.4, which has brought no operation: the next that has are those of 6.7.
  static constexpr int sign = op_futex_wait;
  static constexpr unsigned multishot_flag = 1U << 6;  // IORING_TIMEOUT_MULTISHOT
  explicit TimeoutMany(std::chrono::nanoseconds every)
      : SleepRequest(every), is_multishot_(every >= multishot_min) {}
  bool is_multishot() const { return is_multishot_; }
  static void make_multishot(io_uring_sqe& entry) { entry.timeout_flags |= multishot_flag; }

 private:
  bool is_multishot_;
};

/// Connections as they come. Does not stop at a number: all that wait in the backlog are taken.
/// Errors: EMFILE, ENFILE: pause before asking again, or a core is burnt.
///
///     AcceptStream clients(loop, listener);
using AcceptStream = Stream<AcceptMany>;

/// Bytes as they come; an empty lease at the end of the stream, or for an empty datagram. Error:
/// no_buffer_space, wait for Buffers::returned() before asking again.
///
///     RecvStream stream(loop, fd, buffers);
using RecvStream = Stream<RecvMany>;

/// The events that a descriptor has, whenever one comes: more bytes, not those that are left. Who
/// reads less than there is, and then asks for the next event, waits for bytes that are there.
///
///     PollStream events(loop, fd, POLLIN);
using PollStream = Stream<PollMany>;

/// A beat. Below a millisecond each is a request of its own.
///
///     TimeoutStream beat(loop, 50ms);
using TimeoutStream = Stream<TimeoutMany>;

}  // namespace uring
