#include "connection.h"

#include <sys/socket.h>

#include <cassert>
#include <span>
#include <utility>

#include "common/net/has_input.h"
#include "common/net/unacknowledged.h"
#include "common/server/log.h"

namespace stage {
namespace {

using common::Clock;

/// Whether the call that has just failed may succeed in a later turn.
bool not_now() { return errno == EAGAIN || errno == EINTR; }

}  // namespace

Connection::Connection(common::Accepted accepted, std::unique_ptr<common::Session> session,
                       const common::Options& options)
    : fd_(std::move(accepted.fd)),
      peer_(accepted.peer),
      session_(std::move(session)),
      options_(options),
      read_timeout_(common::loop_read_timeout(options.read_timeout)) {
  common::ConnectionLog(options_.verbose).opened(peer_);
  renew_deadline();
}

Connection::Action Connection::advance(Readiness ready, Scratch& scratch) {
  if (state_ == State::lingering) return ready.input ? linger(scratch) : Action::keep;
  // Backpressure: we receive nothing while answers are held, so a slow reader can't add to them.
  if (!held_.empty()) return ready.output ? send_held() : Action::keep;
  return ready.input ? receive(scratch) : Action::keep;
}

Connection::Action Connection::receive(Scratch& scratch) {
  const auto buffer = std::span(scratch.receive_buffer);
  const ssize_t received = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
  if (received < 0) {
    if (not_now()) return Action::keep;
    log_closed(common::last_error().error());
    return Action::close;
  }
  if (received == 0) {
    peer_ended_ = true;
    const auto outcome = session_->end_of_stream();
    log_closed(outcome || draining_ ? std::error_code() : outcome.error());
    return close_gracefully();
  }

  const common::ByteView bytes = buffer.first(static_cast<std::size_t>(received));
  const auto completed = session_->take(bytes, scratch.output);
  if (!completed || session_->finished()) {
    log_closed(completed ? std::error_code() : completed.error());
    state_ = State::ending;
  } else if (*completed > 0) {
    renew_deadline();  // only for messages, or a byte now and then would hold it open forever
  }
  const Action action = send(scratch.output.view());
  scratch.output.clear();
  return action;
}

Connection::Action Connection::send(common::ByteView output) {
  std::size_t taken = 0;
  if (!output.empty()) {
    const ssize_t sent = ::send(fd_.get(), output.data(), output.size(), MSG_NOSIGNAL);
    if (sent < 0 && !not_now()) {
      log_closed(common::last_error().error());
      return Action::close;
    }
    if (sent > 0) taken = static_cast<std::size_t>(sent);
  }
  if (taken < output.size()) {
    const auto rest = output.subspan(taken);
    held_.assign(rest.begin(), rest.end());
    held_begin_ = 0;
    unacknowledged_ = common::unacknowledged_bytes(fd_);
    renew_deadline();
    return Action::keep;
  }
  return state_ == State::ending ? close_gracefully() : Action::keep;
}

Connection::Action Connection::send_held() {
  assert(held_begin_ < held_.size());
  const auto rest = common::ByteView(held_).subspan(held_begin_);
  const ssize_t sent = ::send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
  if (sent < 0) {
    if (not_now()) return Action::keep;
    log_closed(common::last_error().error());
    return Action::close;
  }
  held_begin_ += static_cast<std::size_t>(sent);
  renew_deadline();
  if (held_begin_ < held_.size()) {
    unacknowledged_ = common::unacknowledged_bytes(fd_);
    return Action::keep;
  }
  held_ = common::Bytes();  // frees the memory
  return state_ == State::ending ? close_gracefully() : Action::keep;
}

Connection::Action Connection::close_gracefully() {
  // After its end of stream the peer sends nothing that a close could answer with a reset.
  if (peer_ended_ && !draining_) return Action::close;
  state_ = State::lingering;
  if (draining_) {
    deadline_ = Clock::time_point::max();  // a drain has its own timeout
    return Action::keep;
  }
  deadline_ = Clock::now() + common::linger_timeout;
  if (::shutdown(fd_.get(), SHUT_WR) < 0) return Action::close;  // ENOTCONN: the peer is gone
  return Action::keep;
}

Connection::Action Connection::linger(Scratch& scratch) {
  const auto buffer = std::span(scratch.receive_buffer);
  const ssize_t received = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
  if (received < 0 && !not_now()) return Action::close;
  if (!draining_) return received == 0 ? Action::close : Action::keep;

  if (common::unacknowledged_bytes(fd_) > 0) return Action::keep;
  // Not earlier, because with both directions shut down the kernel answers more input with a reset,
  // and discards unacknowledged bytes.
  (void)::shutdown(fd_.get(), SHUT_WR);
  return Action::close;
}

Connection::Action Connection::expire(Scratch& scratch) {
  if (state_ == State::lingering) return Action::close;
  const auto overdue = deadline_;
  if (held_.empty()) {
    // The server itself may be late, if it was stopped and continued, or got no CPU time. A message
    // that arrived in time may then still be in the kernel, in pieces.
    for (int i = 0; i < common::late_receives_max && common::has_input(fd_); ++i) {
      const Action action = receive(scratch);
      if (action == Action::close || deadline_ > overdue) return action;
    }
  } else {
    // No send went through, but the peer may be reading, only too slowly for a send to find room.
    const std::size_t before = std::exchange(unacknowledged_, common::unacknowledged_bytes(fd_));
    if (unacknowledged_ < before) {
      renew_deadline();
      return Action::keep;
    }
    held_ = common::Bytes();
  }
  log_closed(common::Error::timed_out);
  return close_gracefully();
}

void Connection::begin_drain() {
  draining_ = true;
  if (state_ == State::lingering) {
    deadline_ = Clock::time_point::max();
    return;
  }
  // Ends the input on our side only, so recv(2) returns the bytes that the kernel has, and then 0.
  (void)::shutdown(fd_.get(), SHUT_RD);  // ENOTCONN: the next receive will report it
}

void Connection::renew_deadline() { deadline_ = Clock::now() + read_timeout_; }

void Connection::log_closed(std::error_code reason) const {
  if (state_ != State::conversing) return;  // only the first reason counts
  common::ConnectionLog(options_.verbose).closed(peer_, reason, session_->inside_message());
}

}  // namespace stage
