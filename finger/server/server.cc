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
#include "uring/why_no_ring.h"

namespace finger {
namespace {

using common::Clock;

common::RepeatedFault accept_fault("cannot accept");
common::RepeatedFault turned_away("turned away: too many connections from there");
common::RepeatedFault some_turned_away("turned away: too many connections from one address");

/// However many others come, a client has so long for its query: a round trip to the other side of
/// the world. Else a burst of clients that are all in order would displace each other.
constexpr auto query_time_min = std::chrono::milliseconds(250);

/// A proxy may have to send its header again after a loss, and the client's query comes after that.
constexpr auto header_time_min = std::chrono::seconds(3);

constexpr auto alive_interval = std::chrono::seconds(2);

/// No descriptor: there is no connection. It need not be non-blocking: the ring waits for it.
common::Result<common::Accepted> accept_one(const common::Fd& listener) {
  while (true) {
    common::Accepted client;
    socklen_t size = common::Address::capacity();
    client.fd = common::Fd(::accept4(listener.get(), client.peer.data(), &size, SOCK_CLOEXEC));
    if (client.fd || errno == EAGAIN) return client;
    // ECONNABORTED: this client left while it was queued; the next may be fine. accept(2)
    if (errno != EINTR && errno != ECONNABORTED) return common::last_error();
  }
}

/// As many descriptors as a client has, by a thread of the kernel's, as homes are opened. The
/// kernel cancels what it can make no thread for.
uring::Task<Status> open_what_a_query_needs(uring::Loop& loop) {
  constexpr open_how how{.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .mode = 0, .resolve = 0};
  std::array<common::Fd, descriptors_each> opened;
  for (common::Fd& each : opened) {
    auto directory = co_await loop.openat2(loop.working_dir(), "/proc/self/fd", how).async();
    if (!directory) co_return std::unexpected(directory.error());
    each = std::move(*directory);
  }
  // Reads have threads of their own. Of each kind the last one stays, if no other can be made
  // later. This read fails in its thread, since what was opened with O_PATH cannot be read.
  std::array<std::byte, 1> nothing;
  const auto read = co_await loop.read(opened.front(), nothing, 0).async();
  if (!read && read.error() == uring::Error::cancelled) co_return std::unexpected(read.error());
  co_return Status();
}

}  // namespace

void LeavePlace::operator()(Server* server) const {
  --server->clients_;
  server->left_.notify_all();
}

Server::Server(const Options& options, std::unique_ptr<uring::Loop> loop, Roster roster,
               std::vector<std::uint16_t> owners)
    : options_(options),
      loop_(std::move(loop)),
      roster_(std::move(roster)),
      owners_(std::move(owners)),
      address_limit_(options.max_per_ip),
      homes_(roster_.accounts.all().size()),
      left_(*loop_),
      context_{.options = options_,
               .roster = roster_,
               .owners = owners_,
               .loop = *loop_,
               .counters = counters_,
               .homes = homes_,
               .awaiting_query = awaiting_query_,
               .conversations = conversations_,
               .files_left = files_left_,
               .left = left_,
               .receiving = receiving_,
               .lingering = lingering_,
               .discarded = discarded_},
      conversations_(*loop_) {}

std::expected<void, std::string> Server::try_once() {
  // By itself, because a loop has no way to go on where this fails.
  const auto entered = loop_->ring().submit();
  if (!entered) return std::unexpected(uring::why_no_ring(entered.error()));
  const auto opened = loop_->run(open_what_a_query_needs(*loop_));
  if (opened) return {};
  if (opened.error() == uring::Error::cancelled) {  // the kernel's word for it
    return std::unexpected(
        common::explain_no_thread(make_error_code(std::errc::resource_unavailable_try_again)));
  }
  if (opened.error() == std::errc::too_many_files_open) {
    return std::unexpected(common::explain_no_descriptor("for one client"));
  }
  return std::unexpected(
      fmt::format("cannot open /proc/self/fd: {}: mount /proc, and permit io_uring to open it",
                  opened.error().message()));
}

int Server::run(std::vector<common::Fd>& listeners, const Control& control) {
  return loop_->run(serve_clients(listeners, control));
}

uring::Task<int> Server::serve_clients(std::vector<common::Fd>& listeners, const Control& control) {
  uring::Scope chores(*loop_);
  chores.spawn(obey(control));
  chores.spawn(say_alive(control));
  {
    uring::Scope accepting(*loop_);
    for (const common::Fd& each : listeners) accepting.spawn(accept_from(each));
    co_await accepting.join();
  }
  listeners.clear();
  while (clients_ > 0) (void)co_await left_.wait();
  co_await conversations_.join();
  chores.cancel();
  co_await chores.join();
  common::log("served: " + counters_.text());
  co_return fault_ ? common::report_failure(options_, fault_, server_profile) : 0;
}

/// Until accepting_ is cancelled.
uring::Task<> Server::accept_from(const common::Fd& listener) {
  while (co_await wait_for_place(listener)) {
    for (int left = common::accept_budget; left > 0 && clients_ < places(); --left) {
      auto client = accept_one(listener);
      if (client && !client->fd) break;  // another worker was faster, or there are no more
      if (client) {
        ++clients_;
        conversations_.spawn(begin(std::move(*client), Place(this)));
      } else if (common::is_transient_accept_error(client.error())) {
        accept_fault.report(client.error(), loop_->now());
        (void)co_await left_.wait().within(common::shortage_pause).cancelled_by(accepting_);
        break;
      } else {
        fault_ = client.error();
        accepting_.cancel();
        co_return;
      }
    }
  }
}

/// As many as there are descriptors for, each with its file: a client that is accepted can always
/// be answered.
std::size_t Server::places() const {
  const std::size_t left = options_.descriptors - std::min(options_.descriptors, files_left_);
  return std::clamp<std::size_t>(left / descriptors_each, 1, options_.max_connections);
}

/// Until a connection is there, and a place for it. False: accepting_ was cancelled.
uring::Task<bool> Server::wait_for_place(const common::Fd& listener) {
  const auto there = co_await loop_->poll(listener, POLLIN).cancelled_by(accepting_);
  if (!there) co_return false;
  while (clients_ >= places()) {
    if (accepting_.reason() != uring::Error{}) co_return false;
    (void)co_await left_.wait().until(make_room()).cancelled_by(accepting_);
  }
  co_return true;
}

/// The client that has waited longest without a whole query has to go. Returns when to look again.
Clock::time_point Server::make_room() {
  Conversation* const oldest = awaiting_query_.front();
  if (oldest == nullptr) return uring::Deadline::never;
  const auto may_go_at = oldest->accepted_at() + query_time_min;
  if (may_go_at > loop_->now()) return may_go_at;
  oldest->displace();
  return uring::Deadline::never;
}

/// One client, from accept to close.
uring::Task<> Server::begin(common::Accepted client, Place place) {
  const auto due = due_after(loop_->now(), options_.deadline);
  bool is_check = false;
  if (options_.proxies.contains(client.peer)) {
    const Proxied found = co_await receive_header(client, due);
    is_check = found == Proxied::check;
    if (is_check || found == Proxied::silent) ++counters_.checks;
    if (found == Proxied::silent || found == Proxied::refused) {
      client.fd = {};  // first: a free place means that there is a descriptor
      co_return;
    }
  }
  if (!is_check) ++counters_.accepted;
  auto address_permit = address_limit_.try_acquire(client.peer);
  if (!address_permit) {
    turn_away(client.peer);
    client.fd = {};
    co_return;
  }
  co_await serve(context_, std::move(client), std::move(place), std::move(address_permit), due,
                 is_check);
}

uring::Task<Proxied> Server::receive_header(common::Accepted& client, Clock::time_point due) {
  const auto limit =
      options_.query_timeout.count() == 0
          ? options_.query_timeout
          : std::max<std::chrono::milliseconds>(options_.query_timeout, header_time_min);
  uring::Deadline deadline(*loop_, std::min(due_after(loop_->now(), limit), due));
  co_return co_await receive_proxy_header(*loop_, client, deadline, receiving_);
}

void Server::turn_away(const common::Address& peer) {
  ++counters_.refused;
  if (options_.log == LogDetail::outcome) return some_turned_away.report(loop_->now());
  turned_away.report(peer, loop_->now());
}

/// What the parent says. The end of the stream: it has gone, and this process must, too.
uring::Task<> Server::obey(const Control& control) {
  std::array<std::byte, 1> word{};
  while (true) {
    const auto got = co_await loop_->recv(control.fd(), word);
    if (!got && got.error() == uring::Error::cancelled) co_return;
    const char said = got && *got == 1 ? static_cast<char>(word[0]) : Control::drain;
    if (said == Control::tell) {
      common::log("served so far: " + counters_.text());
      continue;
    }
    accepting_.cancel();
    if (said != Control::drain) continue;
    receiving_.cancel();
    lingering_.cancel();
    co_return;
  }
}

/// By the ring that serves the clients: a loop that does not turn says nothing.
uring::Task<> Server::say_alive(const Control& control) {
  constexpr std::array word{std::byte{Control::alive}};
  while (true) {
    (void)co_await loop_->send(control.fd(), word, MSG_DONTWAIT);
    const auto slept = co_await loop_->sleep(alive_interval);
    if (!slept) co_return;
  }
}

}  // namespace finger
