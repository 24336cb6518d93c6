#include "finger/server/server.h"

#include <functional>
#include <utility>

#include "common/server/log.h"
#include "finger/server/conversation_log.h"
#include "finger/server/serve.h"
#include "ring_server/probes.h"
#include "ring_server/proxied.h"

namespace finger {
namespace {

/// So many homes may hang before those that do not are waited for as well: each keeps a thread of
/// the kernel's. Without a word from us, a ring has four for each processor.
constexpr unsigned homes_hanging_max = 256;

// One for the process: at most one line a second, however many servers it has.
common::RepeatedFault close_fault("closing a plan failed");

}  // namespace

Result<std::unique_ptr<Server>> Server::create(Shared& shared, std::size_t i,
                                               const common::Fd& wake, const PrepareRing& prepare) {
  uring::Setup setup = shared.options.ring;
  setup.sqpoll |= shared.options.sqpoll;
  setup.disabled = static_cast<bool>(prepare);
  auto loop = uring::Loop::create(setup);
  if (!loop) return std::unexpected(loop.error());
  const auto limited = (*loop)->register_iowq_max_workers(homes_hanging_max);
  if (!limited) return std::unexpected(limited.error());
  std::vector<std::uint16_t> credentials;
  if (prepare) {
    auto prepared = prepare(**loop, shared.roster()->accounts);
    if (!prepared) return std::unexpected(prepared.error());
    credentials = std::move(*prepared);
  }
  return std::unique_ptr<Server>(
      new Server(shared, i, std::move(*loop), wake, std::move(credentials)));
}

Server::Server(Shared& shared, std::size_t i, std::unique_ptr<uring::Loop> loop,
               const common::Fd& wake, std::vector<std::uint16_t> credentials)
    : shared_(shared),
      counters_(shared.metrics.of_worker(i)),
      is_first_(i == 0),
      loop_(std::move(loop)),
      credentials_(std::move(credentials)),
      background_(*loop_, wake),
      acceptor_(*loop_, shared.listener(), shared.connection_limit, background_),
      homes_(*loop_),
      context_{
          .options = shared.options,
          .loop = *loop_,
          .counters = counters_,
          .receiving = receiving_,
          .lingering = lingering_,
          .homes = homes_,
          .discarded = discarded_,
          .current_roster = [this] { return shared_.roster(); },
          .credentials_of = [this](
                                const Roster& roster,
                                const Account& account) { return credentials_of(roster, account); },
          .close_file = [this](common::Fd file) { conversations_->spawn(close(std::move(file))); },
          .connection_closed = [this](const common::Address& peer) { connection_closed(peer); },
          .conversation_ended = [this] { one_has_ended(); }} {
  loop_->at_end_of_turn([this] {
    counters_.waits.set(acceptor_.waits());
    counters_.take(loop_->ring());
  });
  shared_.begin_accepting();
}

Status Server::run(uring::LogWriter* log_writer) {
  if (log_writer == nullptr) return loop_->run(work());
  return loop_->run(log_writer->write_during(*loop_, work()));
}

uring::Task<Status> Server::work() {
  uring::Scope conversations(*loop_);
  conversations_ = &conversations;
  uring::Scope awaiting_header(*loop_);
  awaiting_header_ = &awaiting_header;
  uring::Scope hearing(*loop_);
  background_.run(hearing, background_.watch_eventfd());
  if (shared_.heartbeat) background_.run(hearing, beat());
  uring::Scope accepting(*loop_);
  background_.run(accepting, acceptor_.accept_each(std::bind_front(&Server::admit, this)));
  // No longer than it accepts: after that it may have a successor, which counts from 0.
  if (is_first_) shared_.metrics.run(*loop_, accepting, background_);

  const auto begins_to_end = [this] {
    return shared_.stopping || shared_.retiring || background_.fault();
  };
  while (!begins_to_end()) (void)co_await background_.change();
  accepting.cancel();
  co_await accepting.join();
  shared_.end_accepting();

  const auto serves = [&] { return awaiting_header.size() + conversations.size() > 0; };
  while (!shared_.stopping && !background_.fault() && serves()) {
    (void)co_await background_.change();
  }
  if (background_.fault()) co_return std::unexpected(background_.fault());
  awaiting_header.cancel();
  co_await awaiting_header.join();
  receiving_.cancel();
  lingering_.cancel();
  co_await conversations.join();
  hearing.cancel();
  co_await hearing.join();
  co_return {};
}

/// A watchdog's question, which this loop's own timer asks: a loop that is stuck does not answer.
uring::Task<Status> Server::beat() {
  while (true) {
    shared_.heartbeat->beat(this);
    const auto slept = co_await loop_->sleep(shared_.heartbeat->interval());
    if (!slept) co_return std::unexpected(slept.error());
  }
}

void Server::admit(common::Accepted accepted) {
  if (!shared_.options.process.proxies.contains(accepted.peer)) return add(std::move(accepted));
  awaiting_header_->spawn(add_after_header(std::move(accepted)));
}

uring::Task<> Server::add_after_header(common::Accepted accepted) {
  const auto limit = shared_.options.deadline;
  const bool limited = limit.count() > 0;
  uring::Deadline deadline(*loop_, limited ? loop_->now() + limit : uring::Deadline::never);
  const auto received = co_await uring::receive_proxy_header(*loop_, accepted, deadline);
  if (received) co_return add(std::move(accepted));
  acceptor_.release();
  one_has_ended();
}

void Server::add(common::Accepted accepted) {
  counters_.accepted.add();
  if (shared_.address_limit.try_acquire(accepted.peer)) {
    conversations_->spawn(serve(context_, std::move(accepted)));
    return;
  }
  counters_.refused.add();
  uring::probes::ended(&accepted, "refused");
  log_turned_away(accepted.peer, loop_->now());
  accepted.fd = common::Fd();
  acceptor_.release();
  one_has_ended();
}

std::uint16_t Server::credentials_of(const Roster& roster, const Account& account) const {
  if (credentials_.empty()) return 0;
  return credentials_[static_cast<std::size_t>(&account - roster.accounts.all().data())];
}

void Server::connection_closed(const common::Address& peer) {
  counters_.closed.add();
  shared_.address_limit.release(peer);
  acceptor_.release();
}

void Server::one_has_ended() {
  if (shared_.retiring) background_.notify();
}

uring::Task<> Server::close(common::Fd file) {
  const auto closed = co_await loop_->close(std::move(file));
  if (!closed) close_fault.report(closed.error(), loop_->now());
  one_has_ended();
}

}  // namespace finger
