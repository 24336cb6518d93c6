#include "server.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <utility>

#include "common/server/listen.h"

namespace stage {
namespace {

using common::Clock;
using common::Token;

// One of each for the process: a line a second, however many servers it has.
common::RepeatedFault accept_fault("cannot accept");
common::RepeatedFault watch_fault("cannot watch a connection");

/// Newcomers taken in one turn: a flood of them must not keep the others waiting.
constexpr int accept_budget = 16;

/// How long to wait after accept found no descriptor or no memory.
constexpr auto shortage_pause = std::chrono::milliseconds(100);

/// In a drain, how often to look whether the last bytes were acknowledged: no event tells.
constexpr auto drain_tick = std::chrono::milliseconds(5);

}  // namespace

common::Result<std::unique_ptr<Server>> Server::create(const common::Options& options,
                                                       common::MakeSession make_session) {
  auto listener = common::listen_on(options, common::SocketMode::nonblocking);
  if (!listener) return std::unexpected(listener.error());
  auto poller = Poller::create();
  if (!poller) return std::unexpected(poller.error());
  return create(options, make_session, std::move(*listener),
                std::make_shared<common::ConnectionLimit>(options.max_connections),
                std::move(*poller));
}

common::Result<std::unique_ptr<Server>> Server::create(
    const common::Options& options, common::MakeSession make_session, common::Fd listener,
    std::shared_ptr<common::ConnectionLimit> connection_limit, Poller poller) {
  common::Fd wake(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!wake) return common::last_error();
  if (const auto watched = poller.watch(wake, Token(Token::Kind::wake), {.input = true});
      !watched) {
    return std::unexpected(watched.error());
  }
  if (const auto watched = poller.watch_listener(listener, Token(Token::Kind::listener));
      !watched) {
    return std::unexpected(watched.error());
  }
  return std::unique_ptr<Server>(new Server(options, make_session, std::move(listener),
                                            std::move(connection_limit), std::move(poller),
                                            std::move(wake)));
}

Server::Server(const common::Options& options, common::MakeSession make_session,
               common::Fd listener, std::shared_ptr<common::ConnectionLimit> connection_limit,
               Poller poller, common::Fd wake)
    : options_(options),
      make_session_(make_session),
      listener_(std::move(listener)),
      connection_limit_(std::move(connection_limit)),
      poller_(std::move(poller)),
      wake_(std::move(wake)) {}

Server::~Server() { connection_limit_->remove_waiter(wake_.get()); }

std::string Server::address() const {
  const auto address = common::Address::of_socket(listener_);
  return address ? address->to_string() : address.error().message();
}

common::Status Server::run() {
  while (!drained()) {
    const auto events = poller_.wait(next_deadline());
    if (!events) return std::unexpected(events.error());
    const auto now = Clock::now();  // read once: all decisions of one turn agree about the time

    for (const Event& event : *events) {
      switch (event.token.kind()) {
        case Token::Kind::wake:
          wake_up(now);
          break;
        case Token::Kind::connection:
          advance(event, now);
          break;
        case Token::Kind::listener:
          if (const auto accepted = accept_new(now); !accepted) return accepted;
      }
    }
    close_overdue(now);
    if (parked_ == Parked::shortage && now >= accept_again_) resume(now);
    if (draining_) close_acknowledged(now);
  }
  return {};
}

common::Status Server::accept_new(Clock::time_point now) {
  for (int i = 0; i < accept_budget && !draining_; ++i) {
    if (!connection_limit_->try_acquire(wake_.get())) {
      park(Parked::no_place, now);
      return {};
    }
    auto accepted = common::accept_one(listener_, common::SocketMode::nonblocking);
    if (accepted && *accepted) {
      add(std::move(**accepted), now);
      continue;
    }
    connection_limit_->release();
    if (accepted) return {};  // nobody there
    if (!common::is_transient_accept_error(accepted.error()))
      return std::unexpected(accepted.error());
    accept_fault.report(accepted.error(), now);
    park(Parked::shortage, now);
    return {};
  }
  return {};
}

/// Stops watching the listener, which would be reported as ready again and again. Newcomers wait in
/// the backlog.
void Server::park(Parked reason, Clock::time_point now) {
  if (parked_ == Parked::no) poller_.forget_listener(listener_);
  parked_ = reason;
  accept_again_ = now + shortage_pause;
}

void Server::resume(Clock::time_point now) {
  if (parked_ == Parked::no || draining_) return;
  if (const auto watched = poller_.watch_listener(listener_, Token(Token::Kind::listener));
      !watched) {
    watch_fault.report(watched.error(), now);
    parked_ = Parked::shortage;
    accept_again_ = now + shortage_pause;
    return;
  }
  parked_ = Parked::no;
}

void Server::add(common::Accepted accepted, Clock::time_point now) {
  const Token token =
      clients_.emplace(Connection(std::move(accepted), make_session_(options_), options_, now));
  Client& client = *clients_.find(token);
  client.interest = client.connection.interest();
  if (const auto watched = poller_.watch(client.connection.fd(), token, client.interest);
      !watched) {
    watch_fault.report(watched.error(), now);
    close(token, client, now);
    return;
  }
  apply(token, client, Connection::Action::keep, now);
}

void Server::wake_up(Clock::time_point now) {
  std::uint64_t wake_ups = 0;
  (void)!::read(wake_.get(), &wake_ups, sizeof wake_ups);  // EAGAIN: nobody is hurt by looking
  if (stopping_ && !draining_) begin_drain(now);
  if (parked_ == Parked::no_place) resume(now);
}

void Server::advance(const Event& event, Clock::time_point now) {
  Client* client = clients_.find(event.token);
  if (client == nullptr) return;  // closed earlier in this batch
  apply(event.token, *client, client->connection.advance(event.ready, now, lent_), now);
}

/// Does what a turn of the connection asks for: close it, or wait for what it waits for now.
void Server::apply(Token token, Client& client, Connection::Action next, Clock::time_point now) {
  if (next == Connection::Action::close) return close(token, client, now);

  const auto deadline = client.connection.deadline();
  if (deadline != client.deadline.deadline()) {
    (client.connection.lingering() ? lingers_ : time_bounds_).set(client.deadline, deadline, token);
  }
  // After nearly every message it waits for the same as before: no system call.
  if (client.connection.interest() != client.interest) change_interest(token, client, now);
}

void Server::change_interest(Token token, Client& client, Clock::time_point now) {
  client.interest = client.connection.interest();
  if (client.interest == Readiness{}) return poller_.forget(client.connection.fd());
  const auto changed = poller_.change(client.connection.fd(), token, client.interest);
  if (!changed) {
    watch_fault.report(changed.error(), now);
    close(token, client, now);
  }
}

void Server::close(Token token, Client& client, Clock::time_point now) {
  poller_.forget(client.connection.fd());
  clients_.erase(token);
  connection_limit_->release();
  if (parked_ == Parked::shortage) resume(now);
}

void Server::close_overdue(Clock::time_point now) {
  for (common::DeadlineList* list : {&time_bounds_, &lingers_}) {
    while (const auto token = list->overdue(now)) {
      Client* client = clients_.find(*token);
      assert(client != nullptr);  // an entry leaves the list with its client
      apply(*token, *client, client->connection.expire(now), now);
    }
  }
}

void Server::begin_drain(Clock::time_point now) {
  draining_ = true;
  if (parked_ == Parked::no) poller_.forget_listener(listener_);
  listener_ = common::Fd();  // who waits in the backlog is turned away
  clients_.for_each([this, now](Token token, Client& client) {
    client.connection.begin_drain();
    apply(token, client, Connection::Action::keep, now);
  });
}

void Server::close_acknowledged(Clock::time_point now) {
  clients_.for_each([this, now](Token token, Client& client) {
    if (!client.connection.lingering()) return;
    apply(token, client, client.connection.advance({.input = true}, now, lent_), now);
  });
}

bool Server::drained() const { return draining_ && clients_.size() == 0; }

std::optional<Clock::time_point> Server::next_deadline() const {
  auto next = Clock::time_point::max();
  if (const auto soonest = time_bounds_.soonest()) next = std::min(next, *soonest);
  if (const auto soonest = lingers_.soonest()) next = std::min(next, *soonest);
  if (parked_ == Parked::shortage) next = std::min(next, accept_again_);
  if (draining_) next = std::min(next, Clock::now() + drain_tick);
  if (next == Clock::time_point::max()) return std::nullopt;
  return next;
}

void Server::stop() {
  stopping_ = true;
  common::wake(wake_.get());
}

}  // namespace stage
