#include "finger/server/server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <span>
#include <utility>

#include "common/server/log.h"
#include "common/server/process.h"
#include "finger/service/probes.h"
#include "finger/service/proxy_header.h"

namespace finger {
namespace {

/// So many homes may hang before those that do not are waited for as well: each keeps a thread of
/// the kernel's. Without a word from us, a ring has four for each processor.
constexpr unsigned homes_hanging_max = 256;
static_assert(homes_hanging_max >= 8 * FileSystem::operations_max);

/// A ring waits for pipes, sockets and eventfds without threads, but it gives one to a request that
/// was woken 128 times in vain (Linux 6.18, io_uring/poll.c, APOLL_MAX_RETRY). Without a limit, who
/// takes the loop over makes all that the system or TasksMax= allows, and no worker can follow.
constexpr unsigned others_waiting_max = 16;

// One of each for the process: at most one line a second, however many servers it has.
common::RepeatedFault close_fault("closing a plan failed");
common::RepeatedFault turned_away("turned away: too many connections from there");
common::RepeatedFault some_turned_away("turned away: too many connections from one address");
common::RepeatedFault too_often("turned away: too many queries a second from there");
common::RepeatedFault some_too_often("turned away: too many queries a second from one address");

/// However many others come, a client has so long for its query: a round trip to the other side of
/// the world. Else a burst of clients that are all in order would displace each other.
constexpr auto query_time_min = std::chrono::milliseconds(250);

/// How soon to look again whether the place of one that was displaced has been taken.
constexpr auto place_pause = std::chrono::milliseconds(10);

/// Where a descriptor that is open can be opened once more: what a plan's second open takes.
constexpr auto descriptors_of_this_process = "/proc/self/fd";

/// As many descriptors as a client has, and one for the log, through the ring and by a thread of
/// the kernel's, as homes are opened. The kernel cancels what it can make no thread for.
uring::Task<Status> open_what_a_query_needs(uring::Loop& loop) {
  constexpr open_how how{.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .mode = 0, .resolve = 0};
  std::array<common::Fd, descriptors_each + 1> opened;
  for (common::Fd& each : opened) {
    auto directory =
        co_await loop.openat2(loop.working_dir(), descriptors_of_this_process, how).async();
    if (!directory) co_return std::unexpected(directory.error());
    each = std::move(*directory);
  }
  // Reads have threads of their own. Of each kind the last one stays, if no other can be made
  // later. This read fails in its thread, since what was opened with O_PATH cannot be read.
  const common::Fd unreadable = std::move(opened.front());
  opened = {};
  std::array<std::byte, 1> nothing;
  const auto read = co_await loop.read(unreadable, nothing, 0).async();
  if (!read && read.error() == uring::Error::cancelled) co_return std::unexpected(read.error());
  co_return Status();
}

/// Receives of the header what the kernel has, and nothing of what follows it: for the protocol,
/// the stream begins after the header. True: it is complete.
common::Result<bool> receive_some(const common::Fd& fd, ProxyHeader& header) {
  std::array<std::byte, ProxyHeader::bytes_max> buffer;
  while (!header.complete()) {
    const ssize_t peeked = ::recv(fd.get(), buffer.data(), buffer.size(), MSG_PEEK | MSG_DONTWAIT);
    if (peeked < 0 && errno == EINTR) continue;
    if (peeked < 0 && errno == EAGAIN) return false;
    if (peeked < 0) return common::last_error();
    if (peeked == 0) return common::failure(common::Error::cut_short);

    const auto taken = header.take(std::span(buffer).first(static_cast<std::size_t>(peeked)));
    if (!taken) return std::unexpected(taken.error());
    // These bytes are there, so it cannot fail. MSG_TRUNC: the kernel discards them. tcp(7)
    (void)::recv(fd.get(), buffer.data(), *taken, MSG_TRUNC | MSG_DONTWAIT);
  }
  return true;
}

/// Logs why there is no complete header; but nothing if the proxy left before the first byte, as
/// one that only looks whether the port is open.
void log_closed(const common::Address& proxy, const ProxyHeader& header, std::error_code reason) {
  const bool left = reason == common::Error::cut_short || reason == std::errc::connection_reset;
  if (left && !header.begun()) return;
  common::log(fmt::format("{}: closed: PROXY header: {}", proxy.to_string(), reason.message()));
}

/// Receives the PROXY header with which a trusted proxy's connection begins, and nothing of what
/// follows it. From then on `accepted` is from the client that the header names.
/// Errors, which are logged: timed_out; cancelled, and the kernel has no complete header; of
/// ProxyHeader; cut_short, at the end of the stream; of recv(2).
uring::Task<common::Status> receive_proxy_header(uring::Loop& loop, common::Accepted& accepted,
                                                 uring::Deadline& deadline) {
  ProxyHeader header;
  std::error_code stopped;
  while (true) {
    const auto complete = receive_some(accepted.fd, header);
    if (complete && *complete) break;
    if (!complete) stopped = complete.error();
    if (stopped) {
      log_closed(accepted.peer, header, stopped);
      co_return std::unexpected(stopped);
    }
    // A last look follows when it has waited long enough, or a drain begins.
    const auto ready = co_await loop.poll(accepted.fd, POLLIN).until(deadline);
    if (!ready) stopped = ready.error();
  }
  if (header.client()) accepted.peer = *header.client();
  co_return {};
}

}  // namespace

Result<std::unique_ptr<Server>> Server::create(Shared& shared, std::size_t i,
                                               ring_server::SharedListeners listeners,
                                               const common::Fd& wake, const PrepareRing& prepare) {
  uring::Setup setup = shared.options.ring;
  setup.disabled = true;
  auto loop = uring::Loop::create(setup);
  if (!loop) return std::unexpected(loop.error());
  const auto limited = (*loop)->register_iowq_max_workers(homes_hanging_max, others_waiting_max);
  if (!limited) return std::unexpected(limited.error());
  auto credentials = prepare(**loop, shared.roster()->accounts);
  if (!credentials) return std::unexpected(credentials.error());
  return std::unique_ptr<Server>(
      new Server(shared, i, std::move(*loop), std::move(listeners), wake, std::move(*credentials)));
}

std::string Server::try_out() {
  // By itself, because a loop has no way to go on where this fails.
  const auto entered = loop().ring().submit();
  if (!entered) return uring::why_no_ring(entered.error());
  const auto opened = loop().run(open_what_a_query_needs(loop()));
  if (opened) return {};
  if (opened.error() == uring::Error::cancelled) {  // the kernel's word for it
    return common::explain_no_thread(make_error_code(std::errc::resource_unavailable_try_again));
  }
  if (opened.error() == std::errc::too_many_files_open) {
    return common::explain_no_descriptor("for one client");
  }
  return fmt::format("cannot open {}: {}: mount /proc, and permit io_uring to open it",
                     descriptors_of_this_process, opened.error().message());
}

Server::Server(Shared& shared, std::size_t i, std::unique_ptr<uring::Loop> loop,
               ring_server::SharedListeners listeners, const common::Fd& wake,
               std::vector<std::uint16_t> credentials)
    : LoopServer(shared, std::move(loop), std::move(listeners), wake),
      shared_(shared),
      i_(i),
      counters_(shared.parts.metrics.of_worker(i)),
      credentials_(std::move(credentials)),
      homes_(this->loop(), shared.parts.busy, &shared.parts.mounts),
      context_{.options = shared.options,
               .loop = this->loop(),
               .counters = counters_,
               .owner = *this,
               .receiving = receiving_,
               .lingering = lingering_,
               .homes = homes_,
               .discarded = discarded_} {
  this->loop().at_end_of_turn([this] { publish(); });
}

void Server::begin(uring::Scope& conversations, uring::Scope& tasks) {
  conversations_ = &conversations;
  if (i_ == 0) {
    Metrics& metrics = shared_.parts.metrics;
    background().spawn(tasks, homes_.watch(metrics.homes_silent(), shared_.retiring));
    background().spawn(tasks, metrics.log_when_asked(loop()));
  }
  if (shared_.parts.heartbeat != nullptr) background().spawn(tasks, beat());
}

/// A watchdog's question, which this loop's own timer asks: a loop that is stuck does not answer.
uring::Task<Status> Server::beat() {
  while (true) {
    shared_.parts.heartbeat->beat(this);
    const auto slept = co_await loop().sleep(shared_.parts.heartbeat->interval());
    if (!slept) co_return std::unexpected(slept.error());
  }
}

/// Until the server is to stop, or a successor accepts. Then it serves those who are connected, as
/// long as they stay and it need not stop.
uring::Task<> Server::accept_clients() {
  uring::Scope headers(loop());
  uring::Scope scrapes(loop());
  headers_ = &headers;
  {
    uring::Scope counting(loop());
    // No longer than it accepts: after that it may have a successor, which counts from 0.
    if (i_ == 0) shared_.parts.metrics.start(loop(), counting, scrapes, background());
    co_await LoopServer::accept_clients();
    counting.cancel();
    co_await counting.join();
  }
  const auto connected = [&] { return headers.size() + clients() + scrapes.size(); };
  while (!should_stop() && connected() > 0) (void)co_await background().change();
  headers.cancel();
  co_await headers.join();
  headers_ = nullptr;
  scrapes.cancel();
  co_await scrapes.join();
}

void Server::add(ring_server::Admitted client) {
  shared_.oldest_queries.has_accepted();
  if (!shared_.options.proxies.contains(client.accepted.peer)) {
    return begin_conversation(std::move(client));
  }
  headers_->spawn(add_after_header(std::move(client)));
}

uring::Task<> Server::add_after_header(ring_server::Admitted client) {
  uring::Deadline deadline(loop(), query_due(shared_.options, loop().now()));
  const auto received = co_await receive_proxy_header(loop(), client.accepted, deadline);
  if (received) co_return begin_conversation(std::move(client));
  one_has_left();
}

/// With a client whose own address is known.
void Server::begin_conversation(ring_server::Admitted client) {
  counters_.accepted.add();
  const common::Address& peer = client.accepted.peer;
  auto address_permit = shared_.address_limit.try_acquire(peer);
  if (!address_permit) return turn_away(std::move(client), false);
  if (!shared_.rate_limit.try_take(peer, loop().now())) return turn_away(std::move(client), true);
  conversations_->spawn(serve(context_, std::move(client), std::move(address_permit)));
}

void Server::turn_away(ring_server::Admitted client, bool asks_too_often) {
  counters_.refused.add();
  probes::ended(&client, "refused");
  if (shared_.options.log == LogDetail::outcome) {
    (asks_too_often ? some_too_often : some_turned_away).report(loop().now());
  } else {
    (asks_too_often ? too_often : turned_away).report(client.accepted.peer, loop().now());
  }
  one_has_left();
}

/// Of this ring's, where that is the oldest of all. If it gets its query meanwhile, the next oldest
/// may be of a ring that has looked already: then the new connection waits for the next that ends.
common::Clock::time_point Server::make_room() {
  Conversation* const oldest = awaiting_query_.front();
  if (oldest == nullptr) return uring::Deadline::never;
  const auto may_go_at = oldest->accepted_at() + query_time_min;
  if (may_go_at > loop().now()) return may_go_at;
  if (shared_.oldest_queries.try_displace(i_)) {
    oldest->displace();
  } else if (shared_.oldest_queries.is_one_due()) {
    return loop().now() + place_pause;
  }
  return uring::Deadline::never;
}

void Server::awaits_query(Conversation& conversation) {
  awaiting_query_.push_back(conversation);
  publish_oldest();
}

/// At the end of each turn: shows what was counted of the loop itself.
void Server::publish() {
  std::uint64_t waits = 0;
  for (const ring_server::Acceptor& each : acceptors()) waits += each.waits();
  counters_.waits.set(waits);
  counters_.take(loop().ring());
}

void Server::publish_oldest() {
  const Conversation* const oldest = awaiting_query_.front();
  shared_.oldest_queries.set(i_, oldest != nullptr ? oldest->accepted_at() : OldestQueries::none);
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
