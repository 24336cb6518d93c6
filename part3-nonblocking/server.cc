#include "server.h"

#include <chrono>
#include <utility>

#include "common/server/listen.h"

namespace stage {
namespace {

using common::Clock;

/// Newcomers taken in one turn: a flood of them must not keep the others waiting.
constexpr int accept_budget = 16;

/// How long to wait after accept found no descriptor or no memory.
constexpr auto shortage_pause = std::chrono::milliseconds(100);

}  // namespace

common::Result<std::unique_ptr<Server>> Server::create(const common::Options& options,
                                                       common::MakeSession make_session) {
  auto listener = common::listen_on(options, common::SocketMode::nonblocking);
  if (!listener) return std::unexpected(listener.error());
  return std::unique_ptr<Server>(new Server(options, make_session, std::move(*listener)));
}

Server::Server(const common::Options& options, common::MakeSession make_session,
               common::Fd listener)
    : options_(options), make_session_(make_session), listener_(std::move(listener)) {}

std::string Server::address() const {
  const auto address = common::Address::of_socket(listener_);
  return address ? address->to_string() : address.error().message();
}

common::Status Server::run() {
  while (!drained()) {
    const auto now = Clock::now();  // read once: all decisions of one turn agree about the time

    if (stopping_ && !draining_) begin_drain();
    if (now >= accept_again_) {
      if (const auto accepted = accept_new(now); !accepted) return accepted;
    }
    advance_all(now);
  }
  return {};
}

common::Status Server::accept_new(Clock::time_point now) {
  for (int i = 0; i < accept_budget && !draining_; ++i) {
    if (clients_.size() >= options_.max_connections) return {};
    auto accepted = common::accept_one(listener_, common::SocketMode::nonblocking);
    if (accepted && *accepted) {
      add(std::move(**accepted), now);
      continue;
    }
    if (accepted) return {};  // nobody there
    if (!common::is_transient_accept_error(accepted.error()))
      return std::unexpected(accepted.error());
    accept_fault_.report(accepted.error(), now);
    accept_again_ = now + shortage_pause;
    return {};
  }
  return {};
}

void Server::add(common::Accepted accepted, Clock::time_point now) {
  clients_.push_back(
      std::make_unique<Connection>(std::move(accepted), make_session_(options_), options_, now));
}

void Server::advance_all(Clock::time_point now) {
  for (std::size_t i = 0; i < clients_.size();) {
    Connection& connection = *clients_[i];
    auto next = connection.advance({.input = true, .output = true}, now, lent_);
    if (next == Connection::Action::keep && connection.deadline() <= now) {
      next = connection.expire(now);
    }
    if (next == Connection::Action::close) {
      close(i);  // the last has taken its place: i stays
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
  listener_ = common::Fd();  // who waits in the backlog is turned away
  for (const auto& connection : clients_) connection->begin_drain();
}

bool Server::drained() const { return draining_ && clients_.size() == 0; }

void Server::stop() { stopping_ = true; }

}  // namespace stage
