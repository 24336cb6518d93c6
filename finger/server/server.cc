#include "finger/server/server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "common/server/log.h"
#include "common/server/process.h"
#include "finger/no_descriptor.h"
#include "uring/why_no_ring.h"

namespace finger {
namespace {

using common::Clock;

common::RepeatedFault accept_fault("cannot accept");
common::RepeatedLine turned_away;

/// However many others come, a client has time for a round trip to the other side of the world.
/// Otherwise well-behaved clients in a burst would displace each other.
constexpr auto query_time_min = std::chrono::milliseconds(250);

/// A proxy may have to resend the header after a loss, and the client's query comes after that.
constexpr auto header_time_min = std::chrono::seconds(3);

constexpr auto alive_interval = std::chrono::seconds(2);

/// Opens as many descriptors as a client needs, in an io worker, as we open files in homes. The
/// kernel cancels the operation if it can't start an io worker.
uring::Task<Status> open_what_a_query_needs(uring::Loop& loop) {
  constexpr open_how how{.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .mode = 0, .resolve = 0};
  std::array<common::Fd, descriptors_each> opened;
  for (common::Fd& each : opened) {
    auto directory = co_await loop.openat2(loop.working_dir(), "/proc/self/fd", how).async();
    if (!directory) co_return std::unexpected(directory.error());
    each = std::move(*directory);
  }
  // Reads have io workers of their own. The last io worker of each kind stays, which helps if no
  // other can be started later. This read fails in its io worker, because a descriptor opened with
  // O_PATH can't be read.
  std::array<std::byte, 1> nothing;
  const auto read = co_await loop.read(opened.front(), nothing, 0).async();
  if (!read && read.error() == uring::Error::cancelled) co_return std::unexpected(read.error());
  co_return Status();
}

}  // namespace

Server::Server(const Options& options, std::unique_ptr<uring::Loop> loop, Roster roster)
    : address_limit_(options.max_per_ip),
      context_{.options = options, .loop = std::move(loop), .roster = std::move(roster)} {}

std::expected<void, std::string> Server::try_once() {
  // We try this by itself, because a loop can't go on after a submission has failed.
  const auto entered = context_.loop->ring().submit();
  if (!entered) return std::unexpected(uring::why_no_ring(entered.error()));
  const auto opened = context_.loop->run(open_what_a_query_needs(*context_.loop));
  if (opened) return {};
  if (opened.error() == uring::Error::cancelled) {  // no io worker could be started
    return std::unexpected(
        common::explain_no_thread(make_error_code(std::errc::resource_unavailable_try_again)));
  }
  if (opened.error() == std::errc::too_many_files_open) {
    return std::unexpected(explain_no_descriptor(opened.error(), "for one client"));
  }
  return std::unexpected(
      fmt::format("cannot open /proc/self/fd: {}: mount /proc, and permit io_uring to open it",
                  opened.error().message()));
}

int Server::run(std::vector<common::Fd>& listeners, const Control& control) {
  return context_.loop->run(serve_clients(listeners, control));
}

uring::Task<int> Server::serve_clients(std::vector<common::Fd>& listeners, const Control& control) {
  uring::Scope chores(*context_.loop);
  chores.spawn(follow_parent(control));
  chores.spawn(say_alive(control));
  {
    uring::Scope accepting(*context_.loop);
    for (const common::Fd& each : listeners) accepting.spawn(accept_from(each));
    co_await accepting.join();
  }
  listeners.clear();
  while (context_.clients > 0) {
    control.say(Control::has, std::to_string(context_.clients));  // for the parent's log, if it
                                                                  // kills us
    (void)co_await context_.fewer_open.wait();
  }
  co_await context_.conversations.join();
  chores.cancel();
  co_await chores.join();
  common::log("served: " + context_.counters.text());
  co_return fault_ ? common::report_failure(context_.options, fault_, server_profile) : 0;
}

/// Accepts until accepting_ is cancelled.
uring::Task<> Server::accept_from(const common::Fd& listener) {
  std::uint64_t last_turn = 0;
  while (co_await wait_for_place(listener)) {
    // If the next client was there in the very next turn, more are waiting.
    const bool crowded = context_.loop->turns() <= last_turn + 1;
    last_turn = context_.loop->turns();
    int budget = crowded ? common::accept_budget : 1;
    for (; budget > 0 && context_.clients < places(); --budget) {
      auto client = common::accept_waiting(listener);
      if (client && !client->fd) break;  // another worker was faster, or there are no more
      if (client) {
        context_.conversations.spawn(serve_client(std::move(*client), Place(context_)));
      } else if (common::is_transient_accept_error(client.error())) {
        accept_fault.report(client.error(), context_.loop->now());
        (void)co_await context_.fewer_open.wait()
            .within(common::shortage_pause)
            .cancelled_by(accepting_);
        break;
      } else {
        fault_ = client.error();
        accepting_.cancel();
        co_return;
      }
    }
  }
}

/// Places for clients, no more than there are descriptors for, each with its file. So we can answer
/// every client that we accept.
std::size_t Server::places() const {
  const std::size_t all = context_.options.descriptors;
  const std::size_t for_clients = all - std::min(all, context_.orphans);
  return std::clamp<std::size_t>(for_clients / descriptors_each, 1,
                                 context_.options.max_connections);
}

/// Waits for a connection and a free place. If no place is free, the client that has waited longest
/// without a complete query loses its place. False if accepting_ was cancelled.
uring::Task<bool> Server::wait_for_place(const common::Fd& listener) {
  const auto there = co_await context_.loop->poll(listener, POLLIN).cancelled_by(accepting_);
  if (!there) co_return false;
  while (context_.clients >= places()) {
    if (accepting_.reason() != uring::Error{}) co_return false;
    AwaitingQuery* const oldest = context_.awaiting_query.front();
    auto again_at = oldest ? oldest->accepted_at() + query_time_min : uring::Deadline::never;
    if (again_at <= context_.loop->now()) {
      oldest->displace();
      again_at = uring::Deadline::never;
    }
    (void)co_await context_.fewer_open.wait().until(again_at).cancelled_by(accepting_);
  }
  co_return true;
}

/// Serves one client, from accept to close.
uring::Task<> Server::serve_client(common::Accepted client, Place place) {
  const auto due = due_after(Clock::now(), context_.options.deadline);
  bool from_proxy_itself = false;
  if (context_.options.proxies.contains(client.peer)) {
    const Proxied found = co_await receive_header(client, due);
    from_proxy_itself = found == Proxied::check;
    if (from_proxy_itself || found == Proxied::silent) ++context_.counters.checks;
    if (found == Proxied::silent || found == Proxied::refused) {
      client.fd = {};  // first: a free place means that there is a descriptor
      co_return;
    }
  }
  AddressPermit address_permit;
  if (!from_proxy_itself) {  // a check passes even if clients without names use up the limit
    ++context_.counters.accepted;
    address_permit = address_limit_.try_acquire(client.peer);
    if (!address_permit) {
      turn_away(client.peer);
      client.fd = {};
      co_return;
    }
  }
  Conversation conversation(context_, std::move(client), std::move(place),
                            std::move(address_permit), due, from_proxy_itself);
  co_await serve(conversation);
}

uring::Task<Proxied> Server::receive_header(common::Accepted& client, Clock::time_point due) {
  uring::Loop& loop = *context_.loop;
  auto limit = context_.options.query_timeout;
  if (limit.count() > 0) limit = std::max<std::chrono::milliseconds>(limit, header_time_min);
  uring::Deadline deadline(loop, std::min(due_after(Clock::now(), limit), due));
  AwaitingQuery awaiting(Clock::now(), deadline);
  context_.awaiting_query.push_back(awaiting);
  const auto found = co_await receive_proxy_header(loop, client, deadline, context_.receiving,
                                                   context_.options.log == LogDetail::full);
  // Another client is waiting for the place, even if the header arrived just now.
  co_return awaiting.is_displaced() ? Proxied::refused : found;
}

void Server::turn_away(const common::Address& peer) {
  ++context_.counters.refused;
  const auto whom = context_.options.log == LogDetail::full ? peer.to_string() + " " : "";
  turned_away.log(whom + "turned away: too many connections from one address",
                  common::Severity::warning, context_.loop->now());
}

/// Does what the parent says. At the end of the stream the parent is gone, so we drain.
uring::Task<> Server::follow_parent(const Control& control) {
  std::array<std::byte, 1> word{};
  while (true) {
    const auto got = co_await context_.loop->recv(control.fd(), word);
    if (!got && got.error() == uring::Error::cancelled) co_return;
    const char said = got && *got == 1 ? static_cast<char>(word[0]) : Control::drain;
    if (said == Control::tell) {
      common::log("served so far: " + context_.counters.text());
      continue;
    }
    accepting_.cancel();
    if (said != Control::drain) continue;
    context_.receiving.cancel();
    context_.lingering.cancel();
    co_return;
  }
}

/// Sent by the ring that serves the clients, so a loop that is stuck sends nothing.
uring::Task<> Server::say_alive(const Control& control) {
  constexpr std::array word{std::byte{Control::alive}};
  while (true) {
    (void)co_await context_.loop->send(control.fd(), word, MSG_DONTWAIT);
    const auto slept = co_await context_.loop->sleep(alive_interval);
    if (!slept) co_return;
  }
}

}  // namespace finger
