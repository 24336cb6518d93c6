#include "connection.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <limits>
#include <thread>

#include "common/net/unacknowledged.h"
#include "common/server/constants.h"

namespace stage {
namespace {

using common::Clock;
using std::chrono::milliseconds;

/// How long one call waits at most if we must check in between for a stop or for the peer's
/// acknowledgements.
constexpr milliseconds longest_wait(100);

/// Sets SO_RCVTIMEO or SO_SNDTIMEO, so that a call that waits longer fails with EAGAIN. 0: no
/// limit. socket(7)
void limit_calls(const common::Fd& socket, int option, milliseconds limit) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(limit);
  const std::chrono::microseconds rest = limit - seconds;
  const timeval value{.tv_sec = seconds.count(), .tv_usec = rest.count()};
  (void)::setsockopt(socket.get(), SOL_SOCKET, option, &value, sizeof value);  // cannot fail here
}

/// Whether to repeat the call that has just failed. EAGAIN means that it waited for as long as
/// limit_calls() allows (or didn't wait, with MSG_DONTWAIT).
bool must_try_again() { return errno == EINTR || errno == EAGAIN; }

milliseconds until(Clock::time_point deadline) {
  // Never 0, which would mean to wait forever.
  return std::max(std::chrono::ceil<milliseconds>(deadline - Clock::now()), milliseconds(1));
}

}  // namespace

Connection::Connection(const common::Fd& socket, milliseconds read_timeout)
    : socket_(socket), read_timeout_(read_timeout) {
  renew_deadline();
  if (read_timeout_ == milliseconds(0)) return;
  limit_receive(read_timeout_);
  limit_calls(socket_, SO_SNDTIMEO, std::min(read_timeout_, longest_wait));
}

common::Result<common::ByteView> Connection::receive(std::span<std::byte> buffer) {
  while (true) {
    const bool limited = read_timeout_ > milliseconds(0);
    // We check the clock before each call, because no call waits long enough to fail while bytes
    // keep coming.
    const bool too_late = limited && receive_tried_ && Clock::now() >= deadline_;
    if (too_late && ++late_receives_ > common::late_receives_max) {
      return common::failure(common::Error::timed_out);
    }
    // The first receive since the timeout was restarted gets all of it, which is usually the value
    // of SO_RCVTIMEO already, so there is no system call.
    if (limited && !too_late) limit_receive(receive_tried_ ? until(deadline_) : read_timeout_);
    // When it's too late, we don't wait, but still take bytes that arrived in time, because the
    // process may have been stopped meanwhile (SIGSTOP, then SIGCONT).
    const int flags = too_late ? MSG_DONTWAIT : 0;
    const ssize_t received = ::recv(socket_.get(), buffer.data(), buffer.size(), flags);
    receive_tried_ = true;
    if (received >= 0) return buffer.first(static_cast<std::size_t>(received));
    if (!must_try_again()) return common::last_error();
    if (too_late) return common::failure(common::Error::timed_out);
  }
}

common::Status Connection::send_all(common::ByteView output) {
  auto deadline = Clock::now() + read_timeout_;
  std::size_t unacknowledged = std::numeric_limits<std::size_t>::max();
  while (!output.empty()) {
    const ssize_t sent = ::send(socket_.get(), output.data(), output.size(), MSG_NOSIGNAL);
    if (sent < 0 && !must_try_again()) return common::last_error();
    if (sent > 0) output = output.subspan(static_cast<std::size_t>(sent));
    if (output.empty()) break;

    // The kernel's buffer is full, or a signal came. send(2) wakes only when much of the buffer is
    // free, so a slow reader's progress may not show in `sent`. That's why we also count the bytes
    // that the peer's kernel acknowledges.
    const std::size_t still_unacknowledged = common::unacknowledged_bytes(socket_);
    if (sent > 0 || still_unacknowledged < unacknowledged) deadline = Clock::now() + read_timeout_;
    unacknowledged = still_unacknowledged;
    if (read_timeout_ > milliseconds(0) && Clock::now() >= deadline) {
      return common::failure(common::Error::timed_out);
    }
  }
  return {};
}

void Connection::restart_timeout() {
  receive_tried_ = false;
  late_receives_ = 0;
  renew_deadline();
}

void Connection::close_gracefully(const std::atomic<bool>& stopping) {
  if (stopping) return close_when_acknowledged();
  if (::shutdown(socket_.get(), SHUT_WR) < 0) return;  // ENOTCONN: the peer is gone already
  const auto deadline = Clock::now() + common::linger_timeout;
  std::array<std::byte, 4096> discarded;
  while (Clock::now() < deadline) {
    if (stopping) return close_when_acknowledged();
    limit_receive(std::min(until(deadline), longest_wait));
    const ssize_t received = ::recv(socket_.get(), discarded.data(), discarded.size(), 0);
    if (received == 0) return;
    if (received < 0 && !must_try_again()) return;
  }
}

/// Has no limit of its own, because it is called only in a stop, and SignalThread's drain timeout
/// ends that.
void Connection::close_when_acknowledged() {
  std::array<std::byte, 4096> discarded;
  while (common::unacknowledged_bytes(socket_) > 0) {
    (void)::recv(socket_.get(), discarded.data(), discarded.size(), MSG_DONTWAIT);
    std::this_thread::sleep_for(common::drain_poll_interval);
  }
  // We end sending here and not earlier, because stop() has shut down the other direction, and with
  // both shut down the kernel answers further input with a reset and discards unacknowledged bytes.
  // (If the stop came while we lingered, sending was shut down before that.)
  (void)::shutdown(socket_.get(), SHUT_WR);
}

void Connection::limit_receive(milliseconds limit) {
  if (limit == receive_limit_) return;
  limit_calls(socket_, SO_RCVTIMEO, limit);
  receive_limit_ = limit;
}

void Connection::renew_deadline() { deadline_ = Clock::now() + read_timeout_; }

}  // namespace stage
