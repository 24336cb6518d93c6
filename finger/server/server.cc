#include "finger/server/server.h"

#include <chrono>
#include <functional>
#include <utility>

#include "common/server/log.h"
#include "finger/server/conversation_log.h"
#include "finger/server/serve.h"

namespace finger {
namespace {

using common::Clock;

// One for the process: a line a second, however many servers it has.
common::RepeatedFault close_fault("closing a plan failed");

}  // namespace

Shared::Shared(const Options& chosen, const Budget& budget, common::Fd listening_socket,
               RosterPointer roster)
    : options(chosen),
      connection_limit(budget.clients),
      free_plans(budget.plans),
      admission(chosen.max_per_ip),
      listener_(std::move(listening_socket)),
      roster_(std::move(roster)) {}

RosterPointer Shared::roster() const {
  const std::scoped_lock lock(mutex_);
  return roster_;
}

void Shared::replace(RosterPointer roster) {
  const std::scoped_lock lock(mutex_);
  roster_.swap(roster);
}

void Shared::end_accepting() {
  if (--accepting_ == 0) listener_ = common::Fd();
}

Result<std::unique_ptr<Server>> Server::create(Shared& shared, const common::Fd& wake,
                                               const PrepareRing& prepare) {
  uring::Setup setup = shared.options.ring;
  setup.sqpoll |= shared.options.sqpoll;
  setup.disabled = static_cast<bool>(prepare);
  auto loop = uring::Loop::create(setup);
  if (!loop) return std::unexpected(loop.error());
  std::vector<std::uint16_t> credentials;
  if (prepare) {
    auto prepared = prepare(**loop, shared.roster()->accounts);
    if (!prepared) return std::unexpected(prepared.error());
    credentials = std::move(*prepared);
  }
  return std::unique_ptr<Server>(
      new Server(shared, std::move(*loop), wake, std::move(credentials)));
}

Server::Server(Shared& shared, std::unique_ptr<uring::Loop> loop, const common::Fd& wake,
               std::vector<std::uint16_t> credentials)
    : shared_(shared),
      loop_(std::move(loop)),
      credentials_(std::move(credentials)),
      background_(*loop_, wake),
      acceptor_(*loop_, shared.listener(), shared.connection_limit, background_) {
  shared_.begin_accepting();
}

Status Server::run(uring::LogWriter* log_writer) { return loop_->run(work(log_writer)); }

uring::Task<Status> Server::work(uring::LogWriter* log_writer) {
  uring::Scope logging(*loop_);  // first in, last out: there is something to say till the end
  if (log_writer != nullptr) logging.spawn(log_writer->run(*loop_));
  uring::Scope exchanges(*loop_);
  exchanges_ = &exchanges;
  uring::Scope hearing(*loop_);
  background_.run(hearing, background_.watch_eventfd());
  uring::Scope accepting(*loop_);
  background_.run(accepting, acceptor_.accept_each(std::bind_front(&Server::add, this)));

  const auto begins_to_end = [this] {
    return shared_.stopping || shared_.retiring || background_.fault();
  };
  while (!begins_to_end()) (void)co_await background_.change();
  accepting.cancel();
  co_await accepting.join();
  shared_.end_accepting();

  while (!shared_.stopping && !background_.fault() && exchanges.size() > 0)
    (void)co_await background_.change();
  if (background_.fault()) co_return std::unexpected(background_.fault());
  listening_.cancel();
  lingering_.cancel();
  co_await exchanges.join();
  hearing.cancel();
  co_await hearing.join();
  logging.cancel();
  co_await logging.join();
  co_return {};
}

void Server::add(common::Accepted accepted) {
  if (shared_.admission.admit(accepted.peer)) {
    exchanges_->spawn(serve(*this, std::move(accepted)));
    return;
  }
  log_turned_away(accepted.peer, loop_->now());
  accepted.fd = common::Fd();
  acceptor_.release();
}

void Server::left(const common::Address& peer) {
  shared_.admission.leave(peer);
  acceptor_.release();
  if (shared_.retiring) background_.notify();
}

bool Server::take_plan() {
  std::size_t free = shared_.free_plans;
  while (free > 0) {
    if (shared_.free_plans.compare_exchange_weak(free, free - 1)) return true;
  }
  return false;
}

void Server::close_plan(common::Fd plan) { exchanges_->spawn(close(std::move(plan))); }

uring::Task<> Server::close(common::Fd plan) {
  if (plan) {
    const auto closed = co_await loop_->close(std::move(plan));
    if (!closed) close_fault.report(closed.error(), loop_->now());
  }
  ++shared_.free_plans;
  plan_closed_.cancel();
  if (shared_.retiring) background_.notify();
}

std::uint16_t Server::credentials_of(const Roster& roster, const Account& account) const {
  if (credentials_.empty()) return 0;
  return credentials_[static_cast<std::size_t>(&account - roster.accounts.all().data())];
}

Clock::time_point Server::deadline_from(Clock::time_point accepted_at) const {
  const auto allowed = options().deadline;
  return allowed.count() == 0 ? uring::Deadline::never : accepted_at + allowed;
}

}  // namespace finger
