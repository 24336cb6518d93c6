#include "finger/server/server.h"

#include <span>
#include <utility>

#include "common/server/log.h"
#include "finger/server/conversation_log.h"
#include "finger/server/serve.h"

namespace finger {
namespace {

// One for the process: at most one line a second, however many servers it has.
common::RepeatedFault close_fault("closing a plan failed");

}  // namespace

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
      wake_(wake),
      credentials_(std::move(credentials)),
      look_again_(*loop_),
      acceptor_(*loop_, shared.listener(), shared.connection_limit, wake_),
      context_{
          .options = shared.options,
          .loop = *loop_,
          .receiving = receiving_,
          .lingering = lingering_,
          .discarded = discarded_,
          .current_roster = [this] { return shared_.roster(); },
          .credentials_of = [this](
                                const Roster& roster,
                                const Account& account) { return credentials_of(roster, account); },
          .close_file = [this](common::Fd file) { conversations_->spawn(close(std::move(file))); },
          .connection_closed = [this](const common::Address& peer) { connection_closed(peer); }} {
  shared_.begin_accepting();
}

Status Server::run(uring::LogWriter* log_writer) { return loop_->run(work(log_writer)); }

uring::Task<Status> Server::work(uring::LogWriter* log_writer) {
  uring::Scope logging(*loop_);  // begins first, ends last: there may be lines until the end
  if (log_writer != nullptr) logging.spawn(log_writer->run(*loop_));
  uring::Scope conversations(*loop_);
  conversations_ = &conversations;
  uring::Scope hearing(*loop_);
  hearing.spawn(run_background(watch_eventfd()));
  uring::Scope accepting(*loop_);
  accepting.spawn(run_background(accept_clients()));

  const auto begins_to_end = [this] { return shared_.stopping || shared_.retiring || fault_; };
  while (!begins_to_end()) (void)co_await look_again_.wait();  // never cancelled
  accepting.cancel();
  co_await accepting.join();
  shared_.end_accepting();

  while (!shared_.stopping && !fault_ && conversations.size() > 0)
    (void)co_await look_again_.wait();
  if (fault_) co_return std::unexpected(fault_);
  receiving_.cancel();
  lingering_.cancel();
  co_await conversations.join();
  hearing.cancel();
  co_await hearing.join();
  logging.cancel();
  co_await logging.join();
  co_return {};
}

/// A chore that fails ends the server, which would otherwise look alive and do nothing.
uring::Task<> Server::run_background(uring::Task<Status> chore) {
  const auto ended = co_await std::move(chore);
  if (ended || ended.error() == uring::Error::cancelled) co_return;
  fault_ = ended.error();
  look_again_.notify_all();
}

/// The eventfd is written to when the server is to stop or retire, and when a connection slot has
/// become free on another ring.
uring::Task<Status> Server::watch_eventfd() {
  std::uint64_t wake_ups = 0;
  while (true) {
    const auto heard = co_await loop_->read(wake_, std::as_writable_bytes(std::span(&wake_ups, 1)));
    if (!heard) co_return std::unexpected(heard.error());
    look_again_.notify_all();
    acceptor_.look_again();
  }
}

uring::Task<Status> Server::accept_clients() {
  while (true) {
    auto accepted = co_await acceptor_.next();
    if (!accepted) co_return std::unexpected(accepted.error());
    add(std::move(*accepted));
  }
}

void Server::add(common::Accepted accepted) {
  if (shared_.address_limit.try_acquire(accepted.peer)) {
    conversations_->spawn(serve(context_, std::move(accepted)));
    return;
  }
  log_turned_away(accepted.peer, loop_->now());
  accepted.fd = common::Fd();
  acceptor_.give_back();
}

std::uint16_t Server::credentials_of(const Roster& roster, const Account& account) const {
  if (credentials_.empty()) return 0;
  return credentials_[static_cast<std::size_t>(&account - roster.accounts.all().data())];
}

void Server::connection_closed(const common::Address& peer) {
  shared_.address_limit.release(peer);
  acceptor_.give_back();
  if (shared_.retiring) look_again_.notify_all();
}

uring::Task<> Server::close(common::Fd file) {
  const auto closed = co_await loop_->close(std::move(file));
  if (!closed) close_fault.report(closed.error(), loop_->now());
  if (shared_.retiring) look_again_.notify_all();
}

}  // namespace finger
