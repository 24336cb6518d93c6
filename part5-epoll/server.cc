#include "server.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "common/http/protocol_option.h"
#include "common/loop/eventfd.h"
#include "common/net/accept.h"
#include "common/server/constants.h"

namespace stage {
namespace {

using common::Clock;
using common::Token;

// One of each for the process, for a line a second, however many servers there are.
common::RepeatedFault accept_fault("cannot accept");
common::RepeatedFault watch_fault("cannot watch a connection");

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

common::Result<std::unique_ptr<Server>> Server::create(const Options& options, common::Fd listener,
                                                       common::ConnectionLimit& connection_limit,
                                                       Poller poller) {
  common::Fd wake(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!wake) return common::last_error();
  auto watched = poller.watch(wake, Token(Token::Kind::wake), {.input = true});
  if (watched) watched = poller.watch_listener(listener, Token(Token::Kind::listener));
  if (!watched) return std::unexpected(watched.error());
  return std::unique_ptr<Server>(new Server(options, std::move(listener), connection_limit,
                                            std::move(poller), std::move(wake)));
}

Server::Server(const Options& options, common::Fd listener,
               common::ConnectionLimit& connection_limit, Poller poller, common::Fd wake)
    : options_(options),
      listener_(std::move(listener)),
      connection_limit_(connection_limit),
      poller_(std::move(poller)),
      wake_(std::move(wake)) {}

Server::~Server() { connection_limit_.remove_waiter(wake_.get()); }

std::string Server::address() const {
  const auto address = common::Address::of_socket(listener_);
  return address ? address->to_string() : address.error().message();
}

common::Status Server::run() {
  while (!drained()) {
    const auto events = poller_.wait(next_deadline());
    if (!events) return std::unexpected(events.error());
    const auto now = Clock::now();  // for due deadlines; those that we renew read the clock again

    for (const Event& event : *events) {
      switch (event.token.kind()) {
        case Token::Kind::wake:
          wake_up();
          break;
        case Token::Kind::connection:
          advance(event);
          break;
        case Token::Kind::listener:
          if (const auto accepted = accept_new(now); !accepted) return accepted;
      }
    }
    close_overdue(now);
    if (parked_ == Parked::shortage && now >= accept_again_) resume();
    if (draining_) close_acknowledged();
  }
  return {};
}

common::Status Server::accept_new(Clock::time_point now) {
  for (int i = 0; i < common::accept_budget && !draining_; ++i) {
    auto permit = connection_limit_.try_acquire(wake_.get());
    if (!permit) {
      park(Parked::full, now);
      return {};
    }
    auto client = accept_one(listener_);
    if (!client) {
      if (!common::is_transient_accept_error(client.error())) {
        return std::unexpected(client.error());
      }
      accept_fault.report(client.error(), now);
      park(Parked::shortage, now);
      return {};
    }
    if (!client->fd) return {};  // the backlog is empty
    add(std::move(*client), std::move(*permit));
  }
  return {};
}

/// Stops watching the listener, which would be reported as ready again and again. New connections
/// wait in the backlog.
void Server::park(Parked reason, Clock::time_point now) {
  if (parked_ == Parked::no) poller_.forget_listener(listener_);
  parked_ = reason;
  accept_again_ = now + common::shortage_pause;
}

void Server::resume() {
  if (parked_ == Parked::no) return;
  const auto watched = poller_.watch_listener(listener_, Token(Token::Kind::listener));
  if (!watched) {
    const auto now = Clock::now();
    watch_fault.report(watched.error(), now);
    return park(Parked::shortage, now);
  }
  parked_ = Parked::no;
}

void Server::add(common::Accepted accepted, common::Permit permit) {
  auto session = common::make_session(options_.protocol, options_.max_message);
  const Token token = clients_.emplace(
      std::move(permit), Connection(std::move(accepted), std::move(session), options_));
  apply(token, *clients_.find(token), Connection::Action::keep);
}

void Server::wake_up() {
  common::clear_wake_ups(wake_.get());
  if (stopping_ && !draining_) begin_drain();
  resume();  // another server may have given a permit back
}

void Server::advance(const Event& event) {
  Client* client = clients_.find(event.token);
  if (client == nullptr) return;  // closed earlier in this batch
  apply(event.token, *client, client->connection.advance(event.ready, scratch_));
}

/// Closes the connection after its turn, or waits for its new deadline and interest.
void Server::apply(Token token, Client& client, Connection::Action action) {
  if (action == Connection::Action::close) return close(token, client);

  const auto deadline = client.connection.deadline();
  if (deadline != client.deadline.deadline()) {
    common::DeadlineList& list = client.connection.lingering() ? lingers_ : read_timeouts_;
    list.set(client.deadline, deadline, token);
  }
  // After nearly every message the interest is the same as before, so there's no system call.
  if (client.connection.interest() != client.interest) change_interest(token, client);
}

void Server::change_interest(Token token, Client& client) {
  const Readiness before = std::exchange(client.interest, client.connection.interest());
  const common::Fd& fd = client.connection.fd();
  if (client.interest == Readiness{}) return poller_.forget(fd);
  const auto watched = before == Readiness{}  // it is new
                           ? poller_.watch(fd, token, client.interest)
                           : poller_.change(fd, token, client.interest);
  if (watched) return;
  watch_fault.report(watched.error(), Clock::now());
  close(token, client);
}

void Server::close(Token token, Client& client) {
  poller_.forget(client.connection.fd());
  clients_.erase(token);
  resume();  // there is room for one connection, and a descriptor
}

void Server::close_overdue(Clock::time_point now) {
  for (common::DeadlineList* list : {&read_timeouts_, &lingers_}) {
    while (const auto token = list->overdue(now)) {
      Client* client = clients_.find(*token);
      assert(client != nullptr);  // an entry leaves the list with its client
      apply(*token, *client, client->connection.expire(scratch_));
    }
  }
}

void Server::begin_drain() {
  draining_ = true;
  if (parked_ == Parked::no) poller_.forget_listener(listener_);
  listener_ = common::Fd();  // the kernel resets the connections in its backlog
  parked_ = Parked::no;      // we won't accept again
  clients_.for_each([this](Token token, Client& client) {
    client.connection.begin_drain();
    apply(token, client, Connection::Action::keep);
  });
}

void Server::close_acknowledged() {
  clients_.for_each([this](Token token, Client& client) {
    if (!client.connection.lingering()) return;
    apply(token, client, client.connection.linger(scratch_));
  });
}

bool Server::drained() const { return draining_ && clients_.size() == 0; }

std::optional<Clock::time_point> Server::next_deadline() const {
  auto next = Clock::time_point::max();
  if (const auto soonest = read_timeouts_.soonest()) next = std::min(next, *soonest);
  if (const auto soonest = lingers_.soonest()) next = std::min(next, *soonest);
  if (parked_ == Parked::shortage) next = std::min(next, accept_again_);
  if (draining_) next = std::min(next, Clock::now() + common::drain_poll_interval);
  if (next == Clock::time_point::max()) return std::nullopt;
  return next;
}

void Server::stop() {
  stopping_ = true;
  common::wake(wake_.get());
}

}  // namespace stage
