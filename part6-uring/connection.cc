#include "connection.h"

#include <sys/socket.h>

#include <functional>
#include <utility>

#include "common/net/has_input.h"
#include "common/net/unacknowledged.h"

namespace stage {

Connection::Connection(ConnectionContext& context, common::Fd socket)
    : context_(context),
      socket_(std::move(socket)),
      deadline_(context.loop, common::Clock::now() + context.read_timeout) {
  context.connections.push_back(*this);
}

uring::Task<common::Result<common::ByteView>> Connection::receive() {
  input_.give_back();
  auto when = uring::ReceiveWhen::readable;  // takes no buffer before there are bytes
  while (true) {
    auto received = co_await context_.loop.recv(socket_, context_.buffers, when).until(deadline_);
    if (received) {
      input_ = std::move(*received);
      peer_ended_ = input_.empty();
      // The client is late until its message is complete, so the next receive counts, too.
      if (late_receives_ > 0) deadline_.cancel(uring::Error::timed_out);
      co_return input_.bytes();
    }
    const std::error_code error = received.error();
    if (error == uring::Error::timed_out) {
      if (!may_receive_late()) {
        if (context_.draining) co_return common::ByteView();  // all that had arrived is answered
        co_return common::failure(common::Error::timed_out);
      }
    } else if (error == std::errc::no_buffer_space) {
      if (const auto waited = co_await context_.buffers.returned(); !waited) {
        co_return std::unexpected(waited.error());
      }
    } else if (error != std::errc::resource_unavailable_try_again ||
               when == uring::ReceiveWhen::now) {
      co_return std::unexpected(error);
    }  // else the kernel had no memory for polling first
    when = uring::ReceiveWhen::now;
  }
}

/// The peer's time is up, but the server itself may be late, if it was stopped and continued, or
/// got no CPU time or no buffer. A message that arrived in time may then still be in the kernel, in
/// pieces. Or a drain has begun, which answers all that has arrived. True if bytes are there, and
/// the deadline then leaves time to receive them.
bool Connection::may_receive_late() {
  const bool too_often = late_receives_ >= common::late_receives_max && !context_.draining;
  if (too_often || !common::has_input(socket_)) return false;
  ++late_receives_;
  deadline_.renew(context_.loop.now());  // input that is already there is received first
  return true;
}

/// Tries without waiting, because the kernel usually takes everything. send_rest() sends the rest.
uring::Task<common::Status> Connection::send_all(common::ByteView output) {
  if (output.empty()) co_return {};
  const auto sent = co_await context_.loop.send(socket_, output, MSG_DONTWAIT);
  if (!sent && sent.error() != std::errc::resource_unavailable_try_again) {
    co_return std::unexpected(sent.error());
  }
  const auto left = output.subspan(sent.value_or(0));
  if (left.empty()) co_return {};
  co_return co_await send_rest(left);
}

/// Sends a copy if `left` is in the buffer of the last receive, because all connections share
/// those, and a slow peer must not keep one. Each send has a timeout, but not all of them together.
uring::Task<common::Status> Connection::send_rest(common::ByteView left) {
  common::Bytes copied;
  const auto lent = input_.bytes();
  constexpr std::less<> before;
  if (!before(left.data(), lent.data()) && before(left.data(), lent.data() + lent.size())) {
    copied.assign(left.begin(), left.end());
    left = copied;
  }
  input_.give_back();
  while (!left.empty()) {
    const std::size_t unacknowledged = common::unacknowledged_bytes(socket_);
    const auto sent = co_await context_.loop.send(socket_, left).within(context_.read_timeout);
    if (sent) {
      left = left.subspan(*sent);
    } else if (sent.error() != uring::Error::timed_out) {
      co_return std::unexpected(sent.error());
    } else if (common::unacknowledged_bytes(socket_) >= unacknowledged) {
      co_return common::failure(common::Error::timed_out);
    }  // else the peer may be reading, only too slowly for a send to find room
  }
  co_return {};
}

void Connection::restart_timeout() {
  if (context_.draining) return;  // no message is waited for
  deadline_.renew(common::Clock::now() + context_.read_timeout);
  late_receives_ = 0;
}

uring::Task<> Connection::hang_up() {
  input_.give_back();
  // A peer that has ended its stream sends nothing that a close could answer with a reset.
  if (peer_ended_ && !context_.draining) co_return;
  if (::shutdown(socket_.get(), SHUT_WR) < 0) co_return;  // ENOTCONN: it is gone

  auto& discarded = context_.discarded;
  deadline_.renew(common::Clock::now() + common::linger_timeout);
  while (!context_.draining) {
    // MSG_TRUNC makes the kernel discard the bytes instead of copying them. tcp(7)
    const auto bytes = co_await context_.loop.recv(socket_, discarded, MSG_TRUNC).until(deadline_);
    if ((!bytes || *bytes == 0) && !context_.draining) co_return;
  }
  // No event reports an acknowledgement, so we look again and again.
  while (common::unacknowledged_bytes(socket_) > 0) {
    (void)::recv(socket_.get(), discarded.data(), discarded.size(), MSG_DONTWAIT | MSG_TRUNC);
    (void)co_await context_.loop.sleep(common::drain_poll_interval);
  }
}

void Connection::end_input() { deadline_.cancel(uring::Error::timed_out); }

}  // namespace stage
