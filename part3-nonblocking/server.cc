#include "server.h"

#include <sys/socket.h>

#include <utility>

#include "common/net/accept.h"
#include "common/net/listen.h"
#include "common/server/constants.h"

namespace stage {
namespace {

using common::Clock;

/// Takes the next connection from the backlog; without a descriptor if there is none now. Errors:
/// of accept4(2).
common::Result<common::Accepted> accept_one(const common::Fd& listener) {
  while (true) {
    common::Accepted client;
    socklen_t size = common::Address::capacity();
    client.fd = common::Fd(
        ::accept4(listener.get(), client.peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client.fd || errno == EAGAIN) return client;
    // ECONNABORTED: this client left while it was queued; the next may be fine. See accept(2).
    if (errno != EINTR && errno != ECONNABORTED) return common::last_error();
  }
}

}  // namespace

common::Result<std::unique_ptr<Server>> Server::create(const Options& options) {
  auto listener = common::listen_on(options.address(), common::SocketMode::nonblocking);
  if (!listener) return std::unexpected(listener.error());
  return std::unique_ptr<Server>(new Server(options, std::move(*listener)));
}

Server::Server(const Options& options, common::Fd listener)
    : options_(options), listener_(std::move(listener)) {}

std::string Server::address() const {
  const auto address = common::Address::of_socket(listener_);
  return address ? address->to_string() : address.error().message();
}

common::Status Server::run() {
  while (!drained()) {
    const auto now = Clock::now();  // for due deadlines; those that we renew read the clock again

    if (stopping_ && !draining_) begin_drain();
    if (now >= accept_again_) {
      if (const auto accepted = accept_new(now); !accepted) return accepted;
    }
    advance_all(now);
  }
  return {};
}

common::Status Server::accept_new(Clock::time_point now) {
  for (int i = 0; i < common::accept_budget && !draining_; ++i) {
    if (clients_.size() >= options_.max_connections) return {};
    auto client = accept_one(listener_);
    if (!client) {
      if (!common::is_transient_accept_error(client.error())) {
        return std::unexpected(client.error());
      }
      accept_fault_.report(client.error(), now);
      accept_again_ = now + common::shortage_pause;
      return {};
    }
    if (!client->fd) return {};  // the backlog is empty
    add(std::move(*client));
  }
  return {};
}

void Server::add(common::Accepted accepted) {
  auto session = std::make_unique<common::EchoSession>(options_.max_message);
  clients_.push_back(
      std::make_unique<Connection>(std::move(accepted), std::move(session), options_));
}

void Server::advance_all(Clock::time_point now) {
  for (std::size_t i = 0; i < clients_.size();) {
    Connection& connection = *clients_[i];
    auto action = connection.advance({.input = true, .output = true}, scratch_);
    if (action == Connection::Action::keep && connection.deadline() <= now) {
      action = connection.expire(scratch_);
    }
    if (action == Connection::Action::close) {
      close(i);  // the last one is here now, so i stays
    } else {
      ++i;
    }
  }
}

void Server::close(std::size_t i) {
  std::swap(clients_[i], clients_.back());
  clients_.pop_back();
  accept_again_ = {};
}

void Server::begin_drain() {
  draining_ = true;
  listener_ = common::Fd();  // the kernel resets the connections in its backlog
  for (const auto& connection : clients_) connection->begin_drain();
}

bool Server::drained() const { return draining_ && clients_.size() == 0; }

void Server::stop() { stopping_ = true; }

}  // namespace stage
