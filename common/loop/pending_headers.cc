#include "common/loop/pending_headers.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cassert>

namespace common {

Result<std::unique_ptr<PendingHeaders>> PendingHeaders::create() {
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return last_error();
  return std::unique_ptr<PendingHeaders>(new PendingHeaders(std::move(epoll)));
}

Status PendingHeaders::add(Accepted accepted, Clock::time_point deadline) {
  const Token token = pending_.emplace(std::move(accepted));
  Pending& added = *pending_.find(token);
  epoll_event event{.events = EPOLLIN, .data = {.u64 = token.value()}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, added.connection.fd().get(), &event) < 0) {
    const auto error = last_error();
    pending_.erase(token);
    return error;
  }
  deadlines_.set(added.deadline, deadline, token);
  return {};
}

std::optional<Accepted> PendingHeaders::next(Clock::time_point now) {
  while (true) {
    // One at a time: what happens to the others in between cannot make their events stale.
    epoll_event event{};
    if (::epoll_wait(epoll_.get(), &event, 1, 0) < 1) break;
    const auto token = Token::from_value(event.data.u64);
    ProxiedConnection& connection = pending_.find(token)->connection;
    const auto complete = connection.receive_header();
    if (!complete) return close(token, complete.error());
    if (!*complete) continue;

    // The descriptor stays open: closing it is not what ends the watch.
    (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, connection.fd().get(), nullptr);
    Accepted accepted = connection.take();
    pending_.erase(token);
    return accepted;
  }
  if (const auto token = deadlines_.overdue(now)) return close(*token, Error::timed_out);
  return std::nullopt;
}

Accepted PendingHeaders::close(Token token, std::error_code reason) {
  pending_.find(token)->connection.log_closed(reason);
  pending_.erase(token);
  return {};
}

void PendingHeaders::end_streams() {
  pending_.for_each([](Token, Pending& pending) {
    (void)::shutdown(pending.connection.fd().get(), SHUT_RD);  // ENOTCONN: the receive will tell
  });
}

}  // namespace common
