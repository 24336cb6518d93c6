#include "connection.h"

#include <sys/socket.h>

#include <chrono>
#include <utility>

#include "common/net/unacknowledged.h"
#include "common/result.h"
#include "uring/wait/deadline.h"

namespace stage {
namespace {

/// How old a deadline's place in the list may be, so that it is not moved with each message. No
/// connection is closed too early for it, only that much later.
constexpr auto renewal_time = std::chrono::milliseconds(150);

}  // namespace

HeldOutputs::Held HeldOutputs::hold(common::SendBuffer& output) {
  if (free_.empty()) free_.push_back(all_.emplace_back(new Output{{}, *this}).get());
  Held held(free_.back());
  free_.pop_back();
  std::swap(held->buffer, output);
  return held;
}

Connection::Connection(ConnectionContext& context, common::Accepted accepted)
    : SendThenReceive(context.loop, accepted.fd, context.buffers),
      context_(context),
      fd_(std::move(accepted.fd)),
      peer_(accepted.peer) {}

Connection::~Connection() { cancel_and_wait(); }

void Connection::open(common::Token token) {
  token_ = token;
  restart_read_timer();
  wait_for_input();
}

void Connection::wait_for_input() { start(); }

void Connection::hold_output() {
  held_ = context_.held_outputs.hold(context_.output);
  stage_and_report(held_->buffer.view());
  // The memory of a large output must not wait until some client says something.
  if (unsent().size() > context_.buffers.bytes_each()) context_.loop.hurry();
}

/// The receive has ended, or recover() has.
void Connection::go_on() {
  if (!received() && !receive_ended_ && can_recover()) return start_recovery();
  receive_ended_ = true;
  if (!receiver_) return start_conversation();
  context_.loop.go_on_in(*context_.conversations, receiver_);
}

// Functions of their own: go_on() is called for each message, and these are rare.
void Connection::start_recovery() {
  if (context_.conversations != nullptr) context_.conversations->spawn(recover());
}

void Connection::start_conversation() {
  if (context_.conversations != nullptr)
    context_.conversations->spawn(context_.owner.converse(*this));
}

/// receive() ends at once, since it must_not_wait(): the read timeout is over, or the conversation
/// is to give its coroutine back.
std::error_code Connection::end_without_waiting() {
  if (read_timer_ == ReadTimer::over) {
    discard_output();
    return make_error_code(common::Error::timed_out);
  }
  may_give_way_ = false;
  return too_many_wait;
}

/// receive() ends with an error: the send or the receive has failed, or expire() has cancelled it.
std::error_code Connection::end_after_failure() {
  discard_output();
  const bool late = read_timer_ == ReadTimer::over || error() == uring::Error::timed_out;
  return late ? make_error_code(common::Error::timed_out) : error();
}

/// Drops what is staged: it will not be sent.
void Connection::discard_output() {
  stage({});
  held_.reset();
}

/// Whether the kernel had no room for all of the output, or no buffer for the input.
bool Connection::can_recover() const {
  if (unsent().empty()) return error() == std::errc::no_buffer_space;
  return error() == std::errc::resource_unavailable_try_again;
}

uring::Task<> Connection::recover() {
  common::Status recovered;
  if (unsent().empty()) {
    recovered = co_await wait_for_buffer();
  } else {
    recovered = co_await copy_and_send(unsent());
  }
  if (recovered && read_timer_ == ReadTimer::over) {
    recovered = common::failure(common::Error::timed_out);
  }
  if (recovered) {
    start();
  } else {
    fail(recovered.error());
  }
}

uring::Task<common::Status> Connection::wait_for_buffer() {
  if (read_timer_ == ReadTimer::running) read_timer_ = ReadTimer::waited_for_buffer;
  // Buffers go to those that wait in turn. If a newcomer could take one first, a client could wait
  // for as long as others keep talking.
  co_return co_await context_.buffers.returned();
}

/// Sends a copy: `output` is in a buffer that all connections share, and one slow peer must not
/// keep it. Until the peer has taken the copy, only the time that each send takes is bounded.
uring::Task<common::Status> Connection::copy_and_send(common::ByteView output) {
  const common::Bytes copied(output.begin(), output.end());
  discard_output();
  give_input_back();
  deadline_.unlink();
  auto left = common::ByteView(copied);
  while (!left.empty()) {
    const std::size_t unacknowledged = common::unacknowledged_bytes(fd_);
    const auto sent = co_await context_.loop.send(fd_, left).within(context_.read_timeout);
    if (sent) {
      left = left.subspan(*sent);
    } else if (sent.error() != uring::Error::timed_out) {
      co_return std::unexpected(sent.error());
    } else if (common::unacknowledged_bytes(fd_) >= unacknowledged) {
      co_return common::failure(common::Error::timed_out);
    }  // else it reads slowly, and has freed less than a send waits for
  }
  restart_read_timer();
  co_return {};
}

/// Recovery was in vain. The conversation gets the error from its receive().
void Connection::fail(std::error_code error) {
  receive_ended_ = true;
  if (error == common::Error::timed_out) {
    refuse(uring::Error::timed_out);
  } else {
    set_result(-error.value(), 0);  // an errno of send(2)
  }
  make_ready();
}

uring::Task<common::Status> Connection::flush() {
  if (unsent().empty()) co_return {};
  const auto sent =
      co_await context_.loop.send(fd_, unsent(), MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL);
  if (!sent && sent.error() != std::errc::resource_unavailable_try_again) {
    co_return std::unexpected(sent.error());
  }
  co_return co_await copy_and_send(unsent().subspan(sent.value_or(0)));
}

void Connection::restart_read_timer() {
  read_timer_ = ReadTimer::running;
  const auto due = context_.loop.now() + context_.read_timeout + renewal_time;
  context_.deadlines.set(deadline_, due, token_);
}

void Connection::expire() {
  if (read_timer_ == ReadTimer::waited_for_buffer) {
    restart_read_timer();
    read_timer_ = ReadTimer::extended;
    return;
  }
  read_timer_ = ReadTimer::over;
  deadline_.unlink();
  cancel(uring::Error::timed_out);  // if it is not in flight, the next will not begin
}

uring::Task<> Connection::close_gracefully() {
  deadline_.unlink();
  give_input_back();
  held_.reset();
  if (context_.draining) co_return co_await close_when_acknowledged();
  // A peer that has ended its stream sends nothing that a close could answer with a reset.
  const bool peer_ended = received() && input().empty();
  if (peer_ended || ::shutdown(fd_.get(), SHUT_WR) < 0) co_return;  // ENOTCONN: it has gone

  uring::Loop& loop = context_.loop;
  uring::Deadline deadline(loop, loop.now() + common::linger_timeout);
  lingering_ = true;
  while (true) {
    // MSG_TRUNC: the kernel discards what it would have copied. tcp(7)
    const auto discarded_bytes = co_await loop.recv(fd_, context_.discarded, MSG_TRUNC)
                                     .until(deadline)
                                     .cancelled_by(context_.lingering);
    if (context_.draining) co_return co_await close_when_acknowledged();
    if (!discarded_bytes || *discarded_bytes == 0) co_return;
  }
}

uring::Task<> Connection::close_when_acknowledged() {
  auto& discarded = context_.discarded;
  while (common::unacknowledged_bytes(fd_) > 0) {
    (void)::recv(fd_.get(), discarded.data(), discarded.size(), MSG_DONTWAIT | MSG_TRUNC);
    (void)co_await context_.loop.sleep(common::drain_poll_interval);
  }
  // Only now: when both directions are shut down, the kernel answers more input with a reset, and
  // discards what is not acknowledged.
  (void)::shutdown(fd_.get(), SHUT_WR);
}

void Connection::begin_drain() {
  // With both directions shut down the kernel would answer more input with a reset.
  if (lingering_) return;
  // The end of the stream, for us alone: a receive returns what the kernel has, and then 0.
  (void)::shutdown(fd_.get(), SHUT_RD);  // ENOTCONN: the receive will tell
}

}  // namespace stage
