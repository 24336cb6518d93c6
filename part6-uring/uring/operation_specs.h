#pragma once

#include <fcntl.h>
#include <liburing.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "common/server/accept.h"
#include "common/server/address.h"
#include "uring/descriptor.h"
#include "uring/error.h"

// What operations are about: those that are more than an io_uring_prep_…() call.
namespace uring {

/// Most operations: `prepare` fills in the entry, and Value is made from the result.
template <typename V, typename Prepare>
class Request {
 public:
  using Value = V;
  Request(const char* name, Prepare prepare) : what(name), prepare_(std::move(prepare)) {}
  void prepare(io_uring_sqe& entry) { prepare_(entry); }
  const char* what;

 private:
  Prepare prepare_;
};

/// One that yields a new descriptor.
template <typename Prepare>
class FdRequest : public Request<Fd, Prepare> {
 public:
  using Request<Fd, Prepare>::Request;
  Result<Fd> decode(int result, std::uint32_t /*flags*/) const { return Fd(result); }
};

/// One that yields a new direct descriptor, in a slot which the kernel chooses.
template <typename Prepare>
class DirectRequest : public Request<DirectFd, Prepare> {
 public:
  DirectRequest(Loop& loop, const char* name, Prepare prepare)
      : Request<DirectFd, Prepare>(name, std::move(prepare)), loop_(loop) {}
  Result<DirectFd> decode(int result, std::uint32_t /*flags*/) const {
    return DirectFd(loop_, result);
  }

 private:
  Loop& loop_;
};

/// The peer's address belongs to the operation: the kernel writes it when the connection comes.
class AcceptRequest {
 public:
  using Value = common::Accepted;
  static constexpr const char* what = "accept";
  explicit AcceptRequest(Descriptor listener) : listener_(listener) {}
  void prepare(io_uring_sqe& entry) {
    size_ = common::Address::capacity();
    io_uring_prep_accept(&entry, listener_.number(), peer_.data(), &size_, SOCK_CLOEXEC);
    listener_.mark(entry);
  }
  Result<Value> decode(int result, std::uint32_t /*flags*/) const {
    return common::Accepted{.fd = Fd(result), .peer = peer_};
  }

 private:
  Descriptor listener_;
  common::Address peer_;
  socklen_t size_ = 0;
};

/// Owns what it closes until the kernel has.
class CloseRequest {
 public:
  using Value = void;
  static constexpr const char* what = "close";
  explicit CloseRequest(Fd fd) : fd_(std::move(fd)) {}
  void prepare(io_uring_sqe& entry) { io_uring_prep_close(&entry, fd_.get()); }
  int translate(int result) {
    // A request that was refused has closed nothing: then we do. After any other, whatever it says,
    // the number is free and may be another's: forget it without closing.
    const bool refused = result == -ECANCELED || result == -EACCES || result == -EINVAL;
    if (!refused) (void)fd_.release();
    return result;
  }

 private:
  Fd fd_;
};

class CloseDirectRequest {
 public:
  using Value = void;
  static constexpr const char* what = "close_direct";
  explicit CloseDirectRequest(DirectFd fd) : fd_(std::move(fd)) {}
  void prepare(io_uring_sqe& entry) {
    io_uring_prep_close_direct(&entry, static_cast<unsigned>(fd_.slot()));
  }
  int translate(int result) {
    if (result != -ECANCELED) (void)fd_.release();
    return result;
  }

 private:
  DirectFd fd_;
};

/// What is left of a time that is over, or a point in time before the clock began, is nothing: the
/// kernel refuses what is negative (EINVAL).
inline __kernel_timespec timespec_of(std::chrono::nanoseconds time) {
  const auto not_negative = std::max(time, std::chrono::nanoseconds::zero());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(not_negative);
  return {.tv_sec = seconds.count(), .tv_nsec = (not_negative - seconds).count()};
}

/// To sleep: a time-out that has passed is what was wanted.
class SleepRequest {
 public:
  using Value = void;
  static constexpr const char* what = "timeout";
  SleepRequest(std::chrono::nanoseconds time, unsigned flags)
      : time_(timespec_of(time)), flags_(flags) {}
  void prepare(io_uring_sqe& entry) { io_uring_prep_timeout(&entry, &time_, 0, flags_); }
  static int translate(int result) { return result == -ETIME ? 0 : result; }

 private:
  __kernel_timespec time_;
  unsigned flags_;
};

/// Changes how long another one sleeps.
class SleepUpdateRequest {
 public:
  using Value = void;
  static constexpr const char* what = "timeout_update";
  SleepUpdateRequest(std::uint64_t user_data, std::chrono::nanoseconds time)
      : user_data_(user_data), time_(timespec_of(time)) {}
  void prepare(io_uring_sqe& entry) { io_uring_prep_timeout_update(&entry, &time_, user_data_, 0); }

 private:
  std::uint64_t user_data_;
  __kernel_timespec time_;
};

}  // namespace uring
