#include "server.h"

#include <chrono>
#include <utility>

#include "common/listen.h"

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
  auto listener = common::listen_on(options, common::Waiting::nonblocking);
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
    if (!draining_) {
      if (const auto accepted = accept_new(now); !accepted) return accepted;
    }
    serve_all(now);
  }
  return {};
}

common::Status Server::accept_new(Clock::time_point now) {
  if (now < accept_again_) return {};
  for (int i = 0; i < accept_budget && connections_.size() < options_.max_connections; ++i) {
    auto accepted = common::accept_one(listener_, common::Waiting::nonblocking);
    if (!accepted && !common::is_shortage(accepted.error())) {
      return std::unexpected(accepted.error());
    }
    if (!accepted) {
      accept_fault_.report(accepted.error(), now);
      accept_again_ = now + shortage_pause;
      return {};
    }
    if (!*accepted) return {};  // nobody there
    connections_.push_back(std::make_unique<Connection>(std::move(**accepted),
                                                        make_session_(options_), options_, now));
  }
  return {};
}

void Server::serve_all(Clock::time_point now) {
  for (std::size_t i = 0; i < connections_.size();) {
    Connection& connection = *connections_[i];
    auto next = connection.advance({.input = true, .output = true}, now, lent_);
    if (next == Connection::Next::keep && connection.deadline() <= now) {
      next = connection.expire(now);
    }
    if (next == Connection::Next::keep) {
      ++i;
      continue;
    }
    // The last takes its place, and is the next to be served: i stays.
    std::swap(connections_[i], connections_.back());
    connections_.pop_back();
    accept_again_ = {};
  }
}

void Server::begin_drain() {
  draining_ = true;
  listener_ = common::Fd();  // who waits in the backlog is turned away
  for (const auto& connection : connections_) connection->begin_drain();
}

bool Server::drained() const { return draining_ && connections_.empty(); }

void Server::stop() { stopping_ = true; }

}  // namespace stage
