#include "finger/server/server.h"

#include <chrono>
#include <utility>

#include "common/server/log.h"
#include "finger/server/serve.h"
#include "ring_server/probes.h"

namespace finger {
namespace {

/// So many homes may hang before those that do not are waited for as well: each keeps a thread of
/// the kernel's. Without a word from us, a ring has four for each processor.
constexpr unsigned homes_hanging_max = 256;
static_assert(homes_hanging_max >= 8 * FileSystem::operations_max);

// One of each for the process: at most one line a second, however many servers it has.
common::RepeatedFault close_fault("closing a plan failed");
common::RepeatedFault turned_away("turned away: too many connections from there");

/// How long a PROXY header may take: as long as the conversation after it.
common::Clock::duration header_timeout(const Options& options) {
  if (options.deadline.count() == 0) return std::chrono::years(100);
  return options.deadline;
}

}  // namespace

Result<std::unique_ptr<Server>> Server::create(Shared& shared, std::size_t i,
                                               std::shared_ptr<const common::Fd> listener,
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
      new Server(shared, i, std::move(*loop), std::move(listener), wake, std::move(credentials)));
}

Server::Server(Shared& shared, std::size_t i, std::unique_ptr<uring::Loop> loop,
               std::shared_ptr<const common::Fd> listener, const common::Fd& wake,
               std::vector<std::uint16_t> credentials)
    : LoopServer(shared, i, std::move(loop), std::move(listener), wake,
                 header_timeout(shared.options)),
      shared_(shared),
      is_first_(i == 0),
      credentials_(std::move(credentials)),
      homes_(this->loop(), shared.homes.busy, shared.homes.mounts),
      context_{.options = shared.options,
               .loop = this->loop(),
               .counters = counters(),
               .owner = *this,
               .receiving = receiving_,
               .lingering = lingering_,
               .homes = homes_,
               .discarded = discarded_} {
  this->loop().at_end_of_turn([this] { publish_loop(); });
}

void Server::begin(uring::Scope& conversations, uring::Scope& tasks) {
  conversations_ = &conversations;
  if (is_first_) background().run(tasks, homes_.watch(counters().homes_silent, shared_.retiring));
  if (shared_.heartbeat) background().run(tasks, beat());
}

/// A watchdog's question, which this loop's own timer asks: a loop that is stuck does not answer.
uring::Task<Status> Server::beat() {
  while (true) {
    shared_.heartbeat->beat(this);
    const auto slept = co_await loop().sleep(shared_.heartbeat->interval());
    if (!slept) co_return std::unexpected(slept.error());
  }
}

void Server::add(ring_server::Admitted client) {
  counters().accepted.add();
  const common::Address& peer = client.accepted.peer;
  if (auto address_permit = shared_.address_limit.try_acquire(peer)) {
    conversations_->spawn(serve(context_, std::move(client), std::move(*address_permit)));
    return;
  }
  counters().refused.add();
  ring_server::probes::ended(&client, "refused");
  turned_away.report(peer, loop().now());
  one_has_left();
}

void Server::begin_drain() {
  receiving_.cancel();
  lingering_.cancel();
}

std::uint16_t Server::credentials_of(const Roster& roster, const Account& account) const {
  if (credentials_.empty()) return 0;
  return credentials_[static_cast<std::size_t>(&account - roster.accounts.all().data())];
}

void Server::close_file(common::Fd file, std::shared_ptr<Home> home) {
  conversations_->spawn(close(std::move(file), std::move(home)));
}

uring::Task<> Server::close(common::Fd file, std::shared_ptr<Home> home) {
  uring::Deadline never(loop());
  const auto lock = co_await home->lock(never);
  const auto closed = co_await loop().close(std::move(file));
  if (!closed) close_fault.report(closed.error(), loop().now());
  one_has_left();
}

}  // namespace finger
