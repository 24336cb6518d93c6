#include "finger/steps/machine/server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

#include "common/loop/connection_limit.h"
#include "common/net/accept.h"
#include "common/server/limits_and_timeouts.h"
#include "common/server/log.h"
#include "finger/accounts/accounts.h"
#include "finger/accounts/user_list.h"

namespace machine {
namespace {

using common::Clock;
using common::Token;

constexpr Token accept_token(Token::Kind::listener);
constexpr Token wake_token(Token::Kind::wake);

common::RepeatedFault accept_fault("cannot accept");

/// A client has at most one operation and one cancel in flight. More entries than that are prepared
/// in one turn only when files are closed, and then the ring submits in between.
unsigned entries_for(const Options& options) {
  constexpr std::size_t entries_max = 4096;
  return static_cast<unsigned>(std::bit_ceil(std::min(2 * options.max_clients + 8, entries_max)));
}

}  // namespace

Options::Options() {
  process.host = "::";
  process.port = 79;
}

std::expected<std::unique_ptr<Server>, std::string> Server::create(const Options& options,
                                                                   common::Fd listener) {
  const auto cannot = [](std::string_view what, std::error_code error) {
    return std::unexpected(fmt::format("{}: {}", what, error.message()));
  };
  auto accounts = finger::Accounts::of_directory(options.users);
  if (!accounts) return cannot("cannot read " + options.users, accounts.error());
  common::Fd directory(::open(options.users.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return cannot("cannot open " + options.users, common::last_error().error());
  common::Fd wake(::eventfd(0, EFD_CLOEXEC));
  if (!wake) return cannot("cannot make an eventfd", common::last_error().error());
  auto ring = Ring::create(entries_for(options));
  if (!ring) return cannot("cannot set up io_uring", ring.error());
  Shared shared{.directory = std::move(directory),
                .accounts = std::move(*accounts),
                .list = {},
                .draining = false};
  shared.list = finger::list_answer(shared.accounts, false);
  return std::unique_ptr<Server>(new Server(options, std::move(listener), std::move(*ring),
                                            std::move(wake), std::move(shared)));
}

Server::Server(const Options& options, common::Fd listener, std::unique_ptr<Ring> ring,
               common::Fd wake, Shared shared)
    : options_(options),
      listener_(std::move(listener)),
      ring_(std::move(ring)),
      wake_(std::move(wake)),
      shared_(std::move(shared)) {}

std::string Server::address() const {
  const auto address = common::Address::of_socket(listener_);
  return address ? address->to_string() : address.error().message();
}

common::Status Server::run() {
  io_uring_prep_read(ring_->next_entry(wake_token), wake_.get(), &wake_ups_, sizeof wake_ups_, 0);
  while (!drained()) {
    accept_if_there_is_room(Clock::now());
    if (const auto waited = ring_->submit_and_wait(next_deadline()); !waited) return waited;
    const auto now = Clock::now();  // read once: all decisions of one round agree about the time

    while (const auto completion = ring_->next_completion()) {
      if (completion->token.kind() == Token::Kind::connection) {
        complete(completion->token, completion->result, now);
      } else if (completion->token == wake_token) {
        begin_drain();
      } else if (completion->token == accept_token) {
        const auto taken = accept_connection(completion->result, now);
        if (!taken) return taken;
      }  // the others are ignored
    }
    give_up_overdue(now);
  }
  return ring_->submit_and_wait(Clock::now());  // what is to be closed
}

/// One at a time, and only below --max-clients: a connection that could not be served is better off
/// in the backlog.
void Server::accept_if_there_is_room(Clock::time_point now) {
  if (accepting_ || shared_.draining || now < accept_again_) return;
  if (clients_.size() >= options_.max_clients) return;
  accepting_ = true;
  peer_bytes_ = common::Address::capacity();
  io_uring_prep_accept(ring_->next_entry(accept_token), listener_.get(), peer_.data(), &peer_bytes_,
                       SOCK_CLOEXEC);
}

common::Status Server::accept_connection(int result, Clock::time_point now) {
  accepting_ = false;
  if (result >= 0) {
    common::Accepted accepted{common::Fd(result), peer_};
    if (shared_.draining) return {};  // and it is closed
    const Token token = clients_.emplace(std::move(accepted), shared_, now);
    Client& client = *clients_.find(token);
    set_deadline(token, client, now);
    client.advance(*find(State::closed, Event::accepted), *ring_, token);
    return {};
  }
  const std::error_code error(-result, std::system_category());
  if (error == std::errc::interrupted || error == std::errc::connection_aborted) return {};
  if (shared_.draining) return {};  // cancelled
  if (!common::is_transient_accept_error(error)) return std::unexpected(error);
  accept_fault.report(error, now);
  accept_again_ = now + common::shortage_pause;
  return {};
}

/// The heart of it: a client's operation has completed, and the table says what follows.
void Server::complete(Token token, int result, Clock::time_point now) {
  Client* const client = clients_.find(token);
  assert(client != nullptr);  // it lives until its last operation has completed, which is this one
  const State before = client->state();
  const Transition* const transition = find(before, client->decode(result));
  assert(transition != nullptr);
  client->advance(*transition, *ring_, token);

  const State after = client->state();
  const bool concluded =
      before != State::linger && (after == State::linger || after == State::closed);
  if (concluded && !options_.quiet) common::log(client->log_line(now));
  if (after == State::linger && concluded) {
    lingers_.set(client->deadline, now + common::linger_timeout, token);
  } else if (after == State::closed) {
    clients_.erase(token);
    accept_again_ = {};
  }
}

void Server::set_deadline(Token token, Client& client, Clock::time_point now) {
  if (options_.deadline.count() == 0) return;
  deadlines_.set(client.deadline, now + options_.deadline, token);
}

void Server::give_up_overdue(Clock::time_point now) {
  for (common::DeadlineList* list : {&deadlines_, &lingers_}) {
    while (const auto token = list->overdue(now)) clients_.find(*token)->give_up(*ring_, *token);
  }
}

void Server::begin_drain() {
  shared_.draining = true;
  if (accepting_) io_uring_prep_cancel64(ring_->next_entry(ignored), accept_token.value(), 0);
  listener_ = common::Fd();  // the kernel turns away what waits in the backlog
  clients_.for_each([this](Token token, Client& client) { client.begin_drain(*ring_, token); });
}

std::optional<Clock::time_point> Server::next_deadline() const {
  auto next = Clock::time_point::max();
  if (const auto soonest = deadlines_.soonest()) next = std::min(next, *soonest);
  if (const auto soonest = lingers_.soonest()) next = std::min(next, *soonest);
  const bool pausing = !accepting_ && clients_.size() < options_.max_clients;
  if (pausing && !shared_.draining) next = std::min(next, accept_again_);
  if (next == Clock::time_point::max()) return std::nullopt;
  return next;
}

void Server::stop() { common::wake(wake_.get()); }

}  // namespace machine
