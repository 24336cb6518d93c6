#include "finger/server/conversation.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "common/net/unacknowledged.h"

namespace finger {
namespace {

/// Turns errors of recv(2) or send(2) into peer_gone if they mean that. After an open or a read the
/// same errno is about a file server.
std::unexpected<std::error_code> failed(std::error_code error) {
  const bool has_gone = error == std::errc::connection_reset || error == std::errc::broken_pipe ||
                        error == std::errc::not_connected || error == std::errc::host_unreachable ||
                        error == std::errc::network_unreachable ||
                        error == std::error_code(ETIMEDOUT, std::system_category());
  return false ? failure(Error::peer_gone) : std::unexpected(error);
}

/// Sets whether closing the descriptor resets the connection, even if the process is killed.
void reset_at_close(const common::Fd& connection, bool is_reset) {
  const linger mode{.l_onoff = is_reset ? 1 : 0, .l_linger = 0};
  // Fails only if the connection is closed already.
  (void)::setsockopt(connection.get(), SOL_SOCKET, SO_LINGER, &mode, sizeof mode);
}

}  // namespace

common::Clock::time_point due_after(common::Clock::time_point begun_at,
                                    std::chrono::milliseconds limit) {
  return limit.count() == 0 ? uring::Deadline::never : begun_at + limit;
}

Conversation::Conversation(Context& context, common::Accepted client, Place place,
                           AddressPermit address_permit, common::Clock::time_point due,
                           bool from_proxy_itself)
    : AwaitingQuery(common::Clock::now(), deadline_),
      context_(context),
      place_(std::move(place)),
      address_permit_(std::move(address_permit)),
      fd_(std::move(client.fd)),
      peer_(client.peer),
      from_proxy_itself_(from_proxy_itself),
      due_(due),
      deadline_(*context.loop,
                std::min(due_after(accepted_at(), context.options.query_timeout), due)) {
  context.awaiting_query.push_back(*this);
  // A cut answer must not look complete, even if this process dies, and the kernel must not keep
  // bytes for a peer that doesn't read.
  reset_at_close(fd_, true);
}

uring::Task<Result<std::string_view>> Conversation::read_line(QueryReader& reader) {
  const auto line = co_await receive_line(reader);
  query_ = reader.begun();
  unlink();
  deadline_.renew(due_);
  co_return line;
}

uring::Task<Result<std::string_view>> Conversation::receive_line(QueryReader& reader) {
  while (true) {
    const auto line = reader.line();
    if (!line) co_return std::unexpected(line.error());
    if (*line) co_return **line;

    const auto received = co_await receive(reader.space());
    if (!received) co_return std::unexpected(received.error());
    if (*received == 0) co_return reader.finish();
    reader.commit(*received);
  }
}

/// Receives some bytes of the query; 0 at the end of the stream.
uring::Task<Result<std::size_t>> Conversation::receive(std::span<std::byte> to) {
  const auto received =
      co_await loop().recv(fd_, to).until(deadline_).cancelled_by(context_.receiving);
  // Another client is waiting for the place, even if bytes arrived just now.
  if (is_displaced()) co_return failure(Error::displaced);
  if (received) co_return received;
  if (received.error() == uring::Error::timed_out) co_return failure(Error::query_timeout);
  if (received.error() != uring::Error::cancelled) co_return failed(received.error());
  // A query that the kernel already holds when the drain begins is answered.
  const ssize_t held = ::recv(fd_.get(), to.data(), to.size(), MSG_DONTWAIT);
  if (held < 0) co_return failure(Error::stopped);
  co_return static_cast<std::size_t>(held);
}

bool Conversation::was_asked_at(std::string_view host) const {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto named = common::Address::parse(host, 0);
  const auto asked = common::Address::of_socket(fd_);
  if (!named || !asked) return false;
  const in6_addr one = named->as_ipv6();
  const in6_addr other = asked->as_ipv6();
  return IN6_ARE_ADDR_EQUAL(&one, &other);
}

uring::Task<> Conversation::end(Status ended) {
  if (!fd_) co_return;  // cut short by the deadline
  if (is_cut_short(ended)) co_return cut_short(ended);
  report_end(ended);
  co_await close_gracefully();  // even after an internal failure, which the peer isn't told
}

/// Whether time is up, another client needs the place, or an answer ends in the middle, even if its
/// plan became empty before we read any of it.
bool Conversation::is_cut_short(const Status& ended) const {
  if (ended || !text_for_peer(ended.error()).empty()) return false;
  return ended.error() == uring::Error::timed_out || ended.error() == Error::home_timeout ||
         ended.error() == Error::displaced || ended.error() == Error::became_shorter ||
         sent_bytes_ > 0;
}

void Conversation::cut_short(const Status& ended) {
  report_end(ended);
  // If nothing was sent, there is no answer that could look complete.
  if (sent_bytes_ == 0 && ended.error() != Error::became_shorter) reset_at_close(fd_, false);
  close();
}

/// Gives everything back in the order in which a destructor would.
void Conversation::close() {
  fd_ = common::Fd();
  address_permit_ = AddressPermit();
  place_ = Place();
}

uring::Task<Status> Conversation::send(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto sent = co_await loop().send(fd_, bytes, MSG_WAITALL).until(deadline_);
    if (!sent) co_return failed(sent.error());
    sent_bytes_ += *sent;
    context_.counters.sent_bytes += *sent;
    bytes = bytes.subspan(*sent);
  }
  co_return Status();
}

/// Called when the kernel has the whole answer. Ends our side of the stream, then reads and
/// discards until the peer ends its own, for at most linger_timeout and not beyond the deadline,
/// because closing with unread input sends a reset, which destroys an answer that's still on its
/// way. During a drain, waits only until the peer's kernel has acknowledged everything.
uring::Task<> Conversation::close_gracefully() {
  reset_at_close(fd_, false);
  if (::shutdown(fd_.get(), SHUT_WR) < 0) co_return;  // ENOTCONN: the peer is gone
  deadline_.renew(std::min(deadline_.due(), common::Clock::now() + common::linger_timeout));
  while (true) {
    // With MSG_TRUNC the kernel discards the bytes instead of copying them. tcp(7)
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
  deadline_.renew(due_);  // a reset after linger_timeout would destroy what a slow reader lacks
  while (common::unacknowledged_bytes(fd_) > 0) {
    (void)::recv(fd_.get(), context_.discarded.data(), context_.discarded.size(),
                 MSG_DONTWAIT | MSG_TRUNC);
    const auto slept = co_await loop().sleep(common::drain_poll_interval).until(deadline_);
    if (!slept) co_return;
  }
}

}  // namespace finger
