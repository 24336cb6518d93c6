#include "finger/server.h"

#include <poll.h>

#include <chrono>
#include <utility>

#include "common/log.h"
#include "finger/exchange_log.h"
#include "finger/serve.h"

namespace finger {
namespace {

using common::Clock;

// One for the process: a line a second, however many servers it has.
common::RepeatedFault accept_fault("cannot accept");

/// Newcomers taken in one turn: a flood of them must not keep the others waiting.
constexpr int accept_budget = 16;

/// How long to wait after accept found no descriptor or no memory, unless a connection leaves.
constexpr auto shortage_pause = std::chrono::milliseconds(100);

}  // namespace

Shared::Shared(const Options& chosen, const Budget& budget, common::Fd listening_socket,
               common::Fd users_directory, ServedPointer served)
    : options(chosen),
      users(std::move(users_directory)),
      places(budget.clients),
      free_plans(budget.plans),
      admission(chosen.max_per_ip),
      listener_(std::move(listening_socket)),
      served_(std::move(served)) {}

ServedPointer Shared::served() const {
  const std::scoped_lock lock(mutex_);
  return served_;
}

void Shared::replace(ServedPointer served) {
  const std::scoped_lock lock(mutex_);
  served_.swap(served);
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
    auto prepared = prepare(**loop, shared.served()->accounts);
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
      wake_(wake),
      credentials_(std::move(credentials)),
      look_again_(*loop_),
      place_freed_(*loop_) {
  shared_.begin_accepting();
}

Server::~Server() { shared_.places.forget(wake_.get()); }

Status Server::run(uring::LogWriter* log_writer) { return loop_->run(work(log_writer)); }

uring::Task<Status> Server::work(uring::LogWriter* log_writer) {
  uring::Scope logging(*loop_);  // first in, last out: there is something to say till the end
  if (log_writer != nullptr) logging.spawn(log_writer->run(*loop_));
  uring::Scope exchanges(*loop_);
  exchanges_ = &exchanges;
  uring::Scope hearing(*loop_);
  hearing.spawn(keep_doing(hear_wake_ups()));
  uring::Scope accepting(*loop_);
  accepting.spawn(keep_doing(accept_clients()));

  const auto begins_to_end = [this] { return shared_.stopping || shared_.retiring || fault_; };
  while (!begins_to_end()) (void)co_await look_again_.wait();  // nobody cancels it
  accepting.cancel();
  co_await accepting.join();
  shared_.end_accepting();

  while (!shared_.stopping && !fault_ && exchanges.size() > 0) (void)co_await look_again_.wait();
  if (fault_) co_return std::unexpected(fault_);
  listening_.cancel();
  lingering_.cancel();
  co_await exchanges.join();
  hearing.cancel();
  co_await hearing.join();
  logging.cancel();
  co_await logging.join();
  co_return {};
}

/// A chore that fails takes the server with it, which would else seem to be alive.
uring::Task<> Server::keep_doing(uring::Task<Status> chore) {
  const auto ended = co_await std::move(chore);
  if (ended || ended.error() == uring::Error::cancelled) co_return;
  fault_ = ended.error();
  look_again_.notify_all();
}

/// Somebody asks us to stop or to retire, or has given a place back.
uring::Task<Status> Server::hear_wake_ups() {
  std::uint64_t wake_ups = 0;
  while (true) {
    const auto heard = co_await loop_->read(wake_, std::as_writable_bytes(std::span(&wake_ups, 1)));
    if (!heard) co_return std::unexpected(heard.error());
    look_again_.notify_all();
    place_freed_.notify_all();
  }
}

/// Takes newcomers, each after a place for it. The ring only says that somebody is there: an accept
/// that waits there would hold its place meanwhile, which another loop's newcomer may need. All
/// loops watch one listener, and whoever comes too late finds nobody.
uring::Task<Status> Server::accept_clients() {
  while (true) {
    const auto somebody = co_await loop_->poll(shared_.listener(), POLLIN);
    if (!somebody) co_return std::unexpected(somebody.error());
    if (const auto accepted = co_await accept_some(); !accepted) co_return accepted;
  }
}

uring::Task<Status> Server::accept_some() {
  for (int i = 0; i < accept_budget; ++i) {
    if (!shared_.places.take_or_wait(wake_.get())) {
      if (const auto freed = co_await place_freed_.wait(); !freed) co_return freed;
      continue;
    }
    // The listener does not wait; what waits for the connection is the ring.
    auto accepted = common::accept_one(shared_.listener(), common::Waiting::blocking);
    if (accepted && *accepted) {
      add(std::move(**accepted));
      continue;
    }
    shared_.places.give_back();
    if (accepted) co_return {};  // nobody there
    if (!common::may_pass(accepted.error())) co_return std::unexpected(accepted.error());
    accept_fault.report(accepted.error(), loop_->now());
    shortage_.reset();
    const auto paused = co_await loop_->sleep(shortage_pause).cancelled_by(shortage_);
    if (!paused && shortage_.reason() == uring::Error{}) co_return paused;
  }
  co_return {};
}

void Server::add(common::Accepted accepted) {
  if (shared_.admission.admit(accepted.peer)) {
    exchanges_->spawn(serve(*this, std::move(accepted)));
    return;
  }
  log_turned_away(accepted.peer, loop_->now());
  accepted.fd = common::Fd();
  shared_.places.give_back();
}

void Server::left(const common::Address& peer) {
  shared_.admission.leave(peer);
  shared_.places.give_back();
  shortage_.cancel();
  if (shared_.retiring) look_again_.notify_all();
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
    (void)closed;  // it was only read
  }
  ++shared_.free_plans;
  plan_closed_.cancel();
  if (shared_.retiring) look_again_.notify_all();
}

std::uint16_t Server::credentials_of(const Served& served, const Account& account) const {
  if (credentials_.empty()) return 0;
  return credentials_[static_cast<std::size_t>(&account - served.accounts.all().data())];
}

Clock::time_point Server::deadline_from(Clock::time_point accepted_at) const {
  const auto allowed = options().deadline;
  return allowed.count() == 0 ? uring::Deadline::never : accepted_at + allowed;
}

}  // namespace finger
