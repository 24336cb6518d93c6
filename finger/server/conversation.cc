#include "finger/server/conversation.h"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/server/socket.h"
#include "finger/server/server.h"

namespace finger {
namespace {

/// In a drain, how often to look whether the last bytes were acknowledged: no event tells.
constexpr auto drain_tick = std::chrono::milliseconds(5);

}  // namespace

Conversation::Conversation(Server& server, common::Accepted accepted)
    : server_(server),
      fd_(std::move(accepted.fd)),
      peer_(accepted.peer),
      accepted_at_(server.loop().now()),
      deadline_(server.loop(), server.deadline_from(accepted_at_)),
      roster_(server.roster()) {}

Conversation::~Conversation() {
  if (fd_) hang_up();
}

void Conversation::cut_off() {
  if (sent_bytes_ == 0 && common::unacknowledged_bytes(fd_) == 0) return;
  constexpr linger at_once{.l_onoff = 1, .l_linger = 0};
  // EBADF and the like: then there is nothing to cut off.
  (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void Conversation::hang_up() {
  fd_ = common::Fd();
  server_.left(peer_);
}

uring::Loop& Conversation::loop() { return server_.loop(); }

uring::Task<Result<std::size_t>> Conversation::receive(std::span<std::byte> to) {
  const auto received =
      co_await loop().recv(fd_, to).until(deadline_).cancelled_by(server_.listening());
  if (received || received.error() != uring::Error::cancelled) co_return received;
  // A query that the kernel has already when the drain begins is answered.
  const ssize_t left = ::recv(fd_.get(), to.data(), to.size(), MSG_DONTWAIT);
  if (left < 0) co_return received;
  co_return static_cast<std::size_t>(left);
}

uring::Task<Status> Conversation::send(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto sent = co_await loop().send(fd_, bytes, MSG_WAITALL).until(deadline_);
    if (!sent) co_return std::unexpected(sent.error());
    sent_bytes_ += *sent;
    bytes = bytes.subspan(*sent);
  }
  co_return Status();
}

uring::Task<> Conversation::close_gracefully() {
  if (::shutdown(fd_.get(), SHUT_WR) < 0) co_return;  // ENOTCONN: it has gone
  deadline_.renew(std::min(deadline_.due(), loop().now() + common::linger_timeout));
  while (true) {
    // MSG_TRUNC: the kernel throws away what it would have copied. tcp(7)
    const auto received = co_await loop()
                              .recv(fd_, server_.thrown_away(), MSG_TRUNC)
                              .until(deadline_)
                              .cancelled_by(server_.lingering());
    if (received && *received > 0) continue;
    if (!received && received.error() == uring::Error::cancelled) {
      co_await wait_for_acknowledgement();
    }
    co_return;
  }
}

uring::Task<> Conversation::wait_for_acknowledgement() {
  while (common::unacknowledged_bytes(fd_) > 0) {
    const auto away = server_.thrown_away();
    (void)::recv(fd_.get(), away.data(), away.size(), MSG_DONTWAIT | MSG_TRUNC);
    const auto slept = co_await loop().sleep(drain_tick).until(deadline_);
    if (!slept) co_return;
  }
}

}  // namespace finger
