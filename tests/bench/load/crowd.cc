#include "load/crowd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace load {
namespace {

constexpr std::size_t out_bytes_max = 256 * 1024;
constexpr std::size_t in_bytes_max = 256 * 1024;
// A busy loop that accepts one client a pass needs 16 s for 10,000, and some machines more.
constexpr int patience_ms = 60'000;

template <typename T>
common::Status set_option(const common::Fd& socket, int level, int option, const T& value) {
  if (::setsockopt(socket.get(), level, option, &value, sizeof value) < 0) {
    return common::last_error();
  }
  return {};
}

/// The `source` for INADDR_ANY, which lets the kernel choose the address.
constexpr std::uint32_t source_anywhere = 0 - INADDR_LOOPBACK;

/// A TCP socket that connects from the loopback address 127.0.0.1 + `source`, because each address
/// has only some 28000 ports for one port of one server.
/// Errors: of socket(2), bind(2).
common::Result<common::Fd> socket_from(std::uint32_t source) {
  common::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return common::last_error();
  const int on = 1;  // connect(2) chooses the port, since it knows the other end. ip(7)
  (void)::setsockopt(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + source);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
    return common::last_error();
  }
  return fd;
}

}  // namespace

common::Result<Crowd> Crowd::connect(const common::Address& server, const Shape& shape) {
  Crowd crowd(shape);
  if (!crowd.epoll_) return common::last_error();
  for (std::uint32_t i = 0; i < shape.idle_connections; ++i) {
    if (const auto added = crowd.add_idle(server); !added) return std::unexpected(added.error());
  }
  for (std::uint32_t i = 0; i < shape.connections; ++i) {
    if (const auto added = crowd.add(server); !added) return std::unexpected(added.error());
  }
  return crowd;
}

Crowd::Crowd(const Shape& shape)
    : shape_(shape),
      conversation_(shape.payload_bytes),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      // If everything fits the socket's buffers, we can simply wait in recv(2).
      one_blocks_(shape.connections == 1 &&
                  shape.in_flight * conversation_.message_bytes() <= 64 * 1024 &&
                  shape.piece_bytes == 0),
      asked_at_(std::size_t{shape.connections} * shape.in_flight),
      out_(shape.piece_bytes > 0 ? shape.piece_bytes : out_bytes_max),
      in_(in_bytes_max) {
  connections_.reserve(shape.connections);
}

common::Result<common::Fd> Crowd::connect_to(const common::Address& server) {
  const std::size_t number = connections_.size() + idle_.size();
  const bool anywhere = shape_.sources == 0;
  auto fd =
      socket_from(anywhere ? source_anywhere : static_cast<std::uint32_t>(number % shape_.sources));
  if (!fd) return fd;
  if (::connect(fd->get(), server.data(), server.size()) < 0) return common::last_error();
  return fd;
}

common::Status Crowd::add(const common::Address& server) {
  auto connected = connect_to(server);
  if (!connected) return std::unexpected(connected.error());
  common::Fd& fd = *connected;
  if (const auto set = set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1); !set) return set;
  const timeval patience{.tv_sec = patience_ms / 1000, .tv_usec = 0};
  if (const auto set = set_option(fd, SOL_SOCKET, SO_RCVTIMEO, patience); !set) return set;
  // Edge-triggered, so that we needn't change anything when a message did not fit and there's room
  // again.
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.u64 = connections_.size()}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) < 0) return common::last_error();
  const auto number = static_cast<std::uint32_t>(connections_.size());
  connections_.push_back({.fd = std::move(fd), .number = number});
  return {};
}

common::Status Crowd::add_idle(const common::Address& server) {
  auto fd = connect_to(server);
  if (!fd) return std::unexpected(fd.error());
  // Closes by a reset, because ten thousand ports in TIME_WAIT would be missing in the next round.
  const linger reset{.l_onoff = 1, .l_linger = 0};
  if (const auto set = set_option(*fd, SOL_SOCKET, SO_LINGER, reset); !set) return set;
  idle_.push_back(std::move(*fd));
  return {};
}

common::Result<Tally> Crowd::run(const Goal& goal) {
  begin_ = common::Clock::now();
  tally_ = {};
  asked_ = 0;
  may_ask_ = goal.messages > 0 ? goal.messages : std::numeric_limits<std::uint64_t>::max();
  end_ = goal.messages > 0 ? Instant::max() : begin_ + goal.duration;
  for (Connection& connection : connections_) {
    ask(connection, shape_.in_flight, begin_);
    if (const auto sent = send_what_is_asked(connection); !sent) {
      return std::unexpected(sent.error());
    }
  }
  while (tally_.messages < asked_) {
    if (const auto served = wait_and_serve(); !served) return std::unexpected(served.error());
  }
  tally_.duration = common::Clock::now() - begin_;
  return tally_;
}

void Crowd::ask(Connection& connection, std::uint64_t messages, Instant now) {
  if (now >= end_) may_ask_ = 0;
  messages = std::min(messages, may_ask_);
  may_ask_ -= messages;
  asked_ += messages;
  for (; messages > 0; --messages) {
    asked_at(connection, connection.asked_bytes / conversation_.message_bytes()) = now;
    connection.asked_bytes += conversation_.message_bytes();
  }
}

Crowd::Instant& Crowd::asked_at(const Connection& connection, std::uint64_t message) {
  return asked_at_[connection.number * shape_.in_flight + message % shape_.in_flight];
}

common::Status Crowd::send_what_is_asked(Connection& connection) {
  while (connection.sent_bytes < connection.asked_bytes && !connection.waits_a_turn) {
    const auto size = std::min(connection.asked_bytes - connection.sent_bytes, out_.size());
    const auto bytes = std::span(out_).first(size);
    conversation_.write(connection.number, connection.sent_bytes, bytes);
    const ssize_t sent =
        ::send(connection.fd.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return {};  // epoll will report room
    if (sent < 0) return common::last_error();
    connection.sent_bytes += static_cast<std::uint64_t>(sent);
    if (shape_.piece_bytes > 0 && connection.sent_bytes < connection.asked_bytes) {
      connection.waits_a_turn = true;
      unfinished_.push_back(connection.number);
    }
  }
  return {};
}

common::Status Crowd::receive(Connection& connection) {
  while (true) {
    const int flags = one_blocks_ ? 0 : MSG_DONTWAIT;
    const ssize_t received = ::recv(connection.fd.get(), in_.data(), in_.size(), flags);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0 && errno == EAGAIN) {
      return one_blocks_ ? common::failure(common::Error::timed_out) : common::Status();
    }
    if (received < 0) return common::last_error();
    if (received == 0) return std::unexpected(make_error_code(std::errc::connection_aborted));

    const Instant now = common::Clock::now();
    const auto bytes = std::span(in_).first(static_cast<std::size_t>(received));
    if (connection.received_bytes + bytes.size() > connection.sent_bytes ||
        !conversation_.expects(connection.number, connection.received_bytes, bytes)) {
      return std::unexpected(make_error_code(std::errc::bad_message));
    }
    answered(connection, bytes.size(), now);
    if (const auto sent = send_what_is_asked(connection); !sent) return sent;
    if (one_blocks_ || bytes.size() < in_.size()) return {};  // there are no more bytes
  }
}

void Crowd::answered(Connection& connection, std::uint64_t received_bytes, Instant now) {
  const std::uint64_t first = connection.received_bytes / conversation_.message_bytes();
  connection.received_bytes += received_bytes;
  const std::uint64_t last = connection.received_bytes / conversation_.message_bytes();
  for (std::uint64_t message = first; message < last; ++message) {
    const std::chrono::nanoseconds latency = now - asked_at(connection, message);
    tally_.latency.add(static_cast<std::uint64_t>(latency.count()));
  }
  tally_.messages += last - first;
  ask(connection, last - first, now);
}

common::Status Crowd::wait_and_serve() {
  if (one_blocks_) return receive(connections_.front());

  std::array<epoll_event, 1024> events;
  const auto unfinished = std::exchange(unfinished_, {});
  const int ready = ::epoll_wait(epoll_.get(), events.data(), events.size(),
                                 unfinished.empty() ? patience_ms : 0);
  if (ready < 0) return errno == EINTR ? common::Status() : common::last_error();
  if (ready == 0 && unfinished.empty()) return common::failure(common::Error::timed_out);
  for (const std::size_t number : unfinished) {
    connections_[number].waits_a_turn = false;
    if (const auto sent = send_what_is_asked(connections_[number]); !sent) return sent;
  }
  for (const epoll_event& event : std::span(events).first(static_cast<std::size_t>(ready))) {
    Connection& connection = connections_[event.data.u64];
    if ((event.events & EPOLLOUT) != 0) {
      if (const auto sent = send_what_is_asked(connection); !sent) return sent;
    }
    if (const auto received = receive(connection); !received) return received;
  }
  return {};
}

}  // namespace load
