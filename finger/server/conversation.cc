#include "finger/server/conversation.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "common/net/unacknowledged.h"
#include "common/server/limits_and_timeouts.h"
#include "finger/service/probes.h"

namespace finger {
namespace {

common::Clock::time_point after(common::Clock::time_point begun_at,
                                std::chrono::milliseconds limit) {
  return limit.count() == 0 ? uring::Deadline::never : begun_at + limit;
}

/// Of an error of recv(2) or send(2). Of an open or a read the same errno is about a file server.
bool says_peer_has_gone(std::error_code error) {
  return error == std::errc::connection_reset || error == std::errc::broken_pipe ||
         error == std::errc::not_connected || error == std::errc::host_unreachable ||
         error == std::errc::network_unreachable ||
         error == std::error_code(ETIMEDOUT, std::system_category());
}

}  // namespace

common::Clock::time_point query_due(const Options& options, common::Clock::time_point begun_at) {
  return std::min(after(begun_at, options.query_timeout), after(begun_at, options.deadline));
}

Conversation::Conversation(const Context& context, ring_server::Admitted client,
                           AddressPermit address_permit)
    : context_(context),
      permit_(std::move(client.permit)),
      address_permit_(std::move(address_permit)),
      fd_(std::move(client.accepted.fd)),
      peer_(client.accepted.peer),
      accepted_at_(context.loop.now()),
      deadline_(context.loop, query_due(context.options, accepted_at_)),
      roster_(context.owner.current_roster()) {
  probes::accepted(this);
  context.owner.awaits_query(*this);
}

Conversation::~Conversation() {
  stop_awaiting_query();
  if (fd_) close();
  context_.owner.conversation_ended();
}

void Conversation::note_query(std::string_view query) {
  query_ = query;
  stop_awaiting_query();
  deadline_.renew(after(accepted_at_, context_.options.deadline));
}

void Conversation::stop_awaiting_query() {
  if (!linked()) return;
  unlink();
  context_.owner.awaits_no_query();
}

void Conversation::displace() {
  is_displaced_ = true;
  stop_awaiting_query();
  deadline_.cancel(uring::Error::timed_out);
}

uring::Task<> Conversation::end(Status ended) {
  if (!fd_) co_return;  // the deadline was earlier
  if (is_cut_short(ended)) co_return cut_short(ended);
  report_end(*this, query_, ended);
  co_await close_gracefully();  // also after an internal failure, of which the peer is told nothing
}

/// Whether time is up, another needs the place, or an answer ends in the middle.
bool Conversation::is_cut_short(const Status& ended) const {
  if (ended || !text_for_peer(ended.error()).empty()) return false;
  return ended.error() == uring::Error::timed_out || ended.error() == Error::displaced ||
         sent_bytes_ > 0;
}

/// With a reset, if the peer was sent anything: an answer that ends in the middle must not look
/// complete, and the kernel is not to keep bytes for a peer that does not read.
void Conversation::cut_short(const Status& ended) {
  report_end(*this, query_, ended);
  if (sent_bytes_ > 0 || common::unacknowledged_bytes(fd_) > 0) {
    constexpr linger at_once{.l_onoff = 1, .l_linger = 0};
    // Fails only where the connection is closed already.
    (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  close();
}

void Conversation::close() {
  fd_ = common::Fd();  // first: a free permit means that there is a descriptor
  // Before the permit: the connection that gets it may be followed by one that needs another.
  if (is_displaced_) context_.owner.displaced_one_left();
  address_permit_ = AddressPermit();
  permit_ = common::Permit();
  context_.counters.closed.add();
}

uring::Task<Result<std::size_t>> Conversation::receive(std::span<std::byte> to) {
  const auto received =
      co_await loop().recv(fd_, to).until(deadline_).cancelled_by(context_.receiving);
  context_.counters.received_bytes.add(received.value_or(0));
  if (!received && is_displaced_) co_return failure(Error::displaced);
  if (!received) has_peer_gone_ = says_peer_has_gone(received.error());
  if (received || received.error() != uring::Error::cancelled) co_return received;
  // A query that the kernel already holds when the drain begins is answered.
  const ssize_t held = ::recv(fd_.get(), to.data(), to.size(), MSG_DONTWAIT);
  if (held < 0) co_return received;
  context_.counters.received_bytes.add(static_cast<std::uint64_t>(held));
  co_return static_cast<std::size_t>(held);
}

uring::Task<Status> Conversation::send(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto sent = co_await loop().send(fd_, bytes, MSG_WAITALL).until(deadline_);
    if (!sent) {
      has_peer_gone_ = says_peer_has_gone(sent.error());
      co_return std::unexpected(sent.error());
    }
    sent_bytes_ += *sent;
    context_.counters.sent_bytes.add(*sent);
    bytes = bytes.subspan(*sent);
  }
  co_return Status();
}

/// Ends our side of the stream, then reads and discards until the peer ends its own, for at most
/// linger_timeout and not beyond the deadline: closing with unread input sends a reset, which
/// destroys an answer that is still on its way. During a drain it waits only until the peer's
/// kernel has acknowledged everything.
uring::Task<> Conversation::close_gracefully() {
  if (::shutdown(fd_.get(), SHUT_WR) < 0) co_return;  // ENOTCONN: the peer has gone
  deadline_.renew(std::min(deadline_.due(), loop().now() + common::linger_timeout));
  while (true) {
    // MSG_TRUNC: the kernel discards what it would have copied. tcp(7)
    const auto received = co_await loop()
                              .recv(fd_, context_.discarded, MSG_TRUNC)
                              .until(deadline_)
                              .cancelled_by(context_.lingering);
    if (received && *received > 0) continue;
    if (!received && received.error() == uring::Error::cancelled) {
      co_await wait_for_acknowledgement();
    }
    co_return;
  }
}

uring::Task<> Conversation::wait_for_acknowledgement() {
  while (common::unacknowledged_bytes(fd_) > 0) {
    (void)::recv(fd_.get(), context_.discarded.data(), context_.discarded.size(),
                 MSG_DONTWAIT | MSG_TRUNC);
    const auto slept = co_await loop().sleep(common::drain_poll_interval).until(deadline_);
    if (!slept) co_return;
  }
}

}  // namespace finger
