#include "connection.h"

#include <sys/socket.h>

#include <cassert>
#include <chrono>
#include <utility>

#include "common/result.h"
#include "common/server/socket.h"
#include "server.h"
#include "uring/deadline.h"
#include "uring/loop.h"

namespace stage {
namespace {

/// In a drain, how often to look whether the last bytes were acknowledged: no event tells.
constexpr auto drain_tick = std::chrono::milliseconds(5);

}  // namespace

Connection::Connection(Server& server, uring::Loop& loop, uring::Buffers& buffers,
                       common::Accepted accepted)
    : SendThenReceive(loop, accepted.fd, buffers),
      server_(server),
      fd_(std::move(accepted.fd)),
      peer_(accepted.peer) {}

Connection::~Connection() {
  cancel_and_wait();
  give_input_back();
  give_back_lent();
}

void Connection::listen(common::Token token) {
  token_ = token;
  restart_clock();
  rest();
}

/// The exchange has failed, or has not even begun.
std::error_code Connection::why_not() {
  answers().clear();  // what was not sent must not reach the next in line
  if (!std::exchange(unclaimed_, false)) return uring::Error::timed_out;
  return error();
}

void Connection::rest() { begin_exchange(); }

void Connection::begin_exchange() {
  if (answers().owns_memory()) return begin_with_own_memory();
  const auto answer = answers().view();
  answers().clear();
  start(answer);
}

void Connection::begin_with_own_memory() {
  lent_ = &server_.lend();
  std::swap(lent_->answers, answers());
  const auto answer = lent_->answers.view();
  // Should nobody speak for a while: the memory of a large one must not wait for that.
  if (answer.size() > server_.buffers().bytes_each()) server_.loop().hurry();
  start_and_tell(answer);
}

void Connection::answer_sent() { give_back_lent(); }

void Connection::go_on() {
  unclaimed_ = true;
  if (waiting_) return server_.go_on_with(std::exchange(waiting_, nullptr));
  server_.begin_conversation(*this);  // somebody has to be there
}

void Connection::give_back_lent() {
  if (lent_ != nullptr) server_.give_back(*std::exchange(lent_, nullptr));
}

uring::Task<common::Status> Connection::recover(std::error_code error) {
  if (!unsent().empty() && error == std::errc::resource_unavailable_try_again) {
    co_return co_await hold_and_send(unsent());
  }
  if (unsent().empty() && error == std::errc::no_buffer_space) {
    uring::Buffers& buffers = server_.buffers();
    if (buffers.lent() == 0) co_return {};  // all are back already
    // In line behind those who wait, or they would wait for ever. What holds the buffers are
    // answers that were sent in silence: the loop must not sleep before it concludes that.
    server_.loop().hurry();
    if (clock_ == Clock::running) clock_ = Clock::has_waited;
    co_return co_await buffers.returned();
  }
  if (error == uring::Error::timed_out) co_return common::failure(common::Error::timed_out);
  co_return std::unexpected(error);
}

uring::Task<common::Status> Connection::send_all() {
  if (answers().empty()) co_return {};
  lent_ = &server_.lend();
  std::swap(lent_->answers, answers());
  const auto all = lent_->answers.view();
  const auto sent =
      co_await server_.loop().send(fd_, all, MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL);
  if (!sent && sent.error() != std::errc::resource_unavailable_try_again) {
    co_return std::unexpected(sent.error());
  }
  co_return co_await hold_and_send(all.subspan(sent.value_or(0)));
}

/// Holds a copy: the buffer that the answer is in is everybody's, and must not wait for one peer.
/// The read clock stands still until the peer has taken it.
uring::Task<common::Status> Connection::hold_and_send(common::ByteView answers) {
  const common::Bytes held(answers.begin(), answers.end());
  give_input_back();
  give_back_lent();
  deadline_.unlink();  // while answers are held, only the peer's taking them counts
  auto rest = common::ByteView(held);
  while (!rest.empty()) {
    const std::size_t unacknowledged = common::unacknowledged_bytes(fd_);
    const auto sent = co_await server_.loop().send(fd_, rest).within(server_.time_bound());
    if (sent) {
      rest = rest.subspan(*sent);
    } else if (sent.error() != uring::Error::timed_out) {
      co_return std::unexpected(sent.error());
    } else if (common::unacknowledged_bytes(fd_) >= unacknowledged) {
      co_return common::failure(common::Error::timed_out);
    }  // else it reads slowly, and has freed less than a send waits for
  }
  restart_clock();
  co_return {};
}

void Connection::restart_clock() {
  clock_ = Clock::running;
  server_.renew(deadline_, token_);
}

void Connection::expire() {
  if (clock_ == Clock::has_waited) {
    restart_clock();
    clock_ = Clock::excused;
    return;
  }
  clock_ = Clock::overdue;
  deadline_.unlink();
  cancel(uring::Error::timed_out);  // if it is not in flight, the next will not begin
}

uring::Task<> Connection::close_gracefully() {
  deadline_.unlink();
  give_input_back();
  give_back_lent();
  if (server_.draining()) co_return co_await close_when_acknowledged();
  // A peer that has ended its stream sends nothing that a close could answer with a reset.
  const bool peer_ended = received() && input().empty();
  if (peer_ended || ::shutdown(fd_.get(), SHUT_WR) < 0) co_return;  // ENOTCONN: it has gone

  uring::Loop& loop = server_.loop();
  uring::Deadline deadline(loop, loop.now() + common::linger_timeout);
  lingering_ = true;
  while (true) {
    // MSG_TRUNC: the kernel throws away what it would have copied. tcp(7)
    const auto received = co_await loop.recv(fd_, server_.thrown_away(), MSG_TRUNC)
                              .until(deadline)
                              .cancelled_by(server_.lingering());
    if (server_.draining()) co_return co_await close_when_acknowledged();
    if (!received || *received == 0) co_return;
  }
}

uring::Task<> Connection::close_when_acknowledged() {
  while (common::unacknowledged_bytes(fd_) > 0) {
    const auto away = server_.thrown_away();
    (void)::recv(fd_.get(), away.data(), away.size(), MSG_DONTWAIT | MSG_TRUNC);
    (void)co_await server_.loop().sleep(drain_tick);
  }
  // Only now: when both directions are shut down, the kernel answers more input with a reset, and
  // throws away what is not acknowledged.
  (void)::shutdown(fd_.get(), SHUT_WR);
}

void Connection::begin_drain() {
  // With both directions shut down the kernel would answer more input with a reset.
  if (lingering_) return;
  // The end of the stream, for us alone: a receive returns what the kernel has, and then 0.
  (void)::shutdown(fd_.get(), SHUT_RD);  // ENOTCONN: the receive will tell
}

}  // namespace stage
