#include "client.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "common/net/has_input.h"
#include "common/net/unacknowledged.h"
#include "common/server/log.h"

Options options;
std::atomic<bool> stopping = false;

namespace {

// Only the first reason counts.
void log_closed(const Client& client, const common::Status& end) {
  if (client.state != State::conversing) return;
  const auto reason = end ? std::error_code() : end.error();
  common::ConnectionLog(options.verbose)
      .closed(client.peer, reason, client.session->inside_message());
}

// Whether the call that has just failed may succeed in a later turn. If not, the client leaves.
bool not_now(const Client& client) {
  if (errno == EAGAIN || errno == EINTR) return true;
  log_closed(client, common::last_error());
  return false;
}

// The first of the three moves. False if the client is gone.
bool hang_up(Client& client) {
  client.state = State::lingering;
  client.held.clear();
  client.deadline = Clock::now() + common::linger_timeout;
  return shutdown(client.fd.get(), SHUT_WR) == 0;
}

// The second: discards input, until the client's end of the stream. A stop waits only until all
// answers are acknowledged.
bool discard(Client& client) {
  std::byte discarded[common::loop_receive_buffer_bytes];
  const ssize_t got = recv(client.fd.get(), discarded, sizeof discarded, 0);
  if (got < 0 && !not_now(client)) return false;
  return stopping ? common::unacknowledged_bytes(client.fd) > 0 : got != 0;
}

bool send_held(Client& client) {
  const auto rest = client.held.view();
  const ssize_t sent = send(client.fd.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
  if (sent < 0 && !not_now(client)) return false;
  if (sent > 0) {
    client.held.drop_front(static_cast<std::size_t>(sent));
    client.deadline = patience_ends();
    client.unacknowledged = 0;
  }
  if (client.held.empty()) return true;
  client.held.own();  // the next client receives into the same bytes
  // Not in every turn, because expire wants to know what has changed in all of them.
  if (client.unacknowledged == 0) client.unacknowledged = common::unacknowledged_bytes(client.fd);
  return true;
}

bool receive(Client& client) {
  thread_local std::byte bytes[common::loop_receive_buffer_bytes];
  const bool in_a_stop = stopping;  // before the call, because more may arrive after it
  const ssize_t got = recv(client.fd.get(), bytes, sizeof bytes, 0);
  if (got < 0 && errno == EAGAIN && in_a_stop) {  // all that had arrived is answered
    log_closed(client, {});
    return hang_up(client);
  }
  if (got < 0) return not_now(client);
  if (got == 0) {
    log_closed(client, client.session->end_of_stream());
    return false;
  }
  const auto completed = client.session->take({bytes, static_cast<std::size_t>(got)}, client.held);
  if (!completed || client.session->finished()) {
    log_closed(client, completed ? common::Status() : std::unexpected(completed.error()));
    client.state = State::ending;
    client.deadline = patience_ends();  // for its last answers
  } else if (*completed > 0) {
    client.deadline = patience_ends();  // not for bytes, or one now and then would hold it open
  }
  const Time due = client.deadline;
  if (!client.held.empty() && !send_held(client)) return false;
  if (client.held.empty()) client.deadline = due;  // `100 Continue` completes no message
  return true;
}

}  // namespace

bool advance(Client& client) {
  if (client.state == State::lingering) return discard(client);
  // Backpressure: while answers are held, nothing is received, so a slow reader adds none to them.
  if (!client.held.empty()) return send_held(client);
  return client.state == State::ending ? hang_up(client) : receive(client);
}

bool expire(Client& client) {
  if (client.state == State::lingering) return false;
  if (client.held.empty()) {
    // We may be late ourselves, and a message that came in time is still in the kernel, in pieces.
    const Time overdue = client.deadline;
    for (int i = 0; i < common::late_receives_max && common::has_input(client.fd); ++i) {
      if (client.state == State::ending) break;
      if (!receive(client)) return false;
      if (client.deadline > overdue) return true;
    }
  } else {
    const std::size_t before =
        std::exchange(client.unacknowledged, common::unacknowledged_bytes(client.fd));
    if (client.unacknowledged < before) {  // the client's kernel has taken some answers
      client.deadline = patience_ends();
      return true;
    }
  }
  log_closed(client, common::failure(common::Error::timed_out));
  return hang_up(client);
}

std::uint32_t interest(const Client& client) {
  const bool sends = !client.held.empty() || client.state == State::ending;
  return sends ? EPOLLOUT : EPOLLIN;
}
