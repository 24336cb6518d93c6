#include "finger/service/receive_proxy_header.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <span>
#include <system_error>

#include "common/server/log.h"
#include "finger/service/proxy_header.h"

namespace finger {
namespace {

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

}  // namespace

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

}  // namespace finger
