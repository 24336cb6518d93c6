#include "ring_server/proxied_connection.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <span>

#include "common/server/log.h"

namespace common {

Result<bool> ProxiedConnection::receive_header() {
  std::array<std::byte, ProxyHeader::bytes_max> buffer;
  while (!header_.complete()) {
    const ssize_t peeked =
        ::recv(fd().get(), buffer.data(), buffer.size(), MSG_PEEK | MSG_DONTWAIT);
    if (peeked < 0 && errno == EINTR) continue;
    if (peeked < 0 && errno == EAGAIN) return false;
    if (peeked < 0) return last_error();
    if (peeked == 0) return failure(Error::cut_short);

    const auto taken = header_.take(std::span(buffer).first(static_cast<std::size_t>(peeked)));
    if (!taken) return std::unexpected(taken.error());
    // These bytes are there, so it cannot fail. MSG_TRUNC: the kernel discards them. tcp(7)
    (void)::recv(fd().get(), buffer.data(), *taken, MSG_TRUNC | MSG_DONTWAIT);
  }
  if (header_.client()) accepted_.peer = *header_.client();
  return true;
}

void ProxiedConnection::log_closed(std::error_code reason) const {
  const bool left = reason == Error::cut_short || reason == std::errc::connection_reset;
  if (left && !header_.begun()) return;
  log(fmt::format("{}: closed: PROXY header: {}", accepted_.peer.to_string(), reason.message()));
}

}  // namespace common
