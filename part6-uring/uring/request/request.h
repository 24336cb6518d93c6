#pragma once

#include <liburing.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <concepts>
#include <utility>

#include "uring/address.h"
#include "uring/descriptor.h"
#include "uring/error.h"
#include "uring/time/timespec.h"

namespace uring {

/// The request of an operation, without the machinery. Any type will do that has
/// - `Value`, the type of a success;
/// - `what`, its name for the trace;
/// - `prepare(io_uring_sqe&)`, which fills in the request as the io_uring_prep_…() functions do,
///   and may point to members, because the object stays in place until the operation's end. An
///   exception in it ends the process;
/// - `decode(result, flags)`, which makes a Value of a result that isn't negative, if that is more
///   than Value(result);
/// - `translate(result)`, if some errors aren't errors here;
/// - `failed(result, flags)`, if there is something to clean up after the others, as soon as the
///   error has arrived;
/// - `is_never_cancelled`, if we must not ask the kernel to cancel it.
template <typename T>
concept AnyRequest = std::move_constructible<T> && requires(T& request, io_uring_sqe& entry) {
  typename T::Value;
  { request.what } -> std::convertible_to<const char*>;
  request.prepare(entry);
};

/// The request of most operations: `prepare` fills in the entry, and Value is made from the result.
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

/// Holds the peer's address, which the kernel writes when the connection arrives.
class AcceptRequest {
 public:
  using Value = Accepted;
  static constexpr const char* what = "accept";
  explicit AcceptRequest(Descriptor listener) : listener_(listener) {}
  void prepare(io_uring_sqe& entry) {
    size_ = Address::capacity();
    io_uring_prep_accept(&entry, listener_.number(), peer_.data(), &size_, SOCK_CLOEXEC);
  }
  Result<Value> decode(int result, std::uint32_t /*flags*/) const {
    return Accepted{.fd = Fd(result), .peer = peer_};
  }

 private:
  Descriptor listener_;
  Address peer_;
  socklen_t size_ = 0;
};

/// Owns the descriptor until the kernel has closed it. `is_permitted`: see Ring::permit_only().
class CloseRequest {
 public:
  using Value = void;
  static constexpr const char* what = "close";
  /// ECANCELED wouldn't tell whether the close had begun, since a file system may answer that, too.
  static constexpr bool is_never_cancelled = true;
  CloseRequest(Fd fd, bool is_permitted) : fd_(std::move(fd)), is_permitted_(is_permitted) {}
  void prepare(io_uring_sqe& entry) {
    was_submitted_ = true;
    io_uring_prep_close(&entry, fd_.get());
  }
  int translate(int result) {
    // A request that hasn't begun has closed nothing, so then we do. After any other, whatever the
    // result, the number is free and may be another's, so we don't close. (A file system's own
    // errors, EACCES and ECANCELED among them, come when the number is free already.) ECANCELED may
    // also mean that the kernel could start no io worker; we can't tell, and lose the descriptor.
    if (was_submitted_ && is_permitted_) (void)fd_.release();
    return result;
  }

 private:
  Fd fd_;
  bool is_permitted_;
  bool was_submitted_ = false;
};

/// A sleep, for which a timeout that has passed is a success.
class SleepRequest {
 public:
  using Value = void;
  static constexpr const char* what = "timeout";
  explicit SleepRequest(std::chrono::nanoseconds time) : time_(timespec_of(time)) {}
  void prepare(io_uring_sqe& entry) { io_uring_prep_timeout(&entry, &time_, 0, 0); }
  static int translate(int result) { return result == -ETIME ? 0 : result; }

 private:
  __kernel_timespec time_;
};

}  // namespace uring
