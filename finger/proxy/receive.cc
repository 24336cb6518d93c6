#include "finger/proxy/receive.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <span>

#include "common/server/log.h"
#include "finger/proxy/header.h"

namespace finger {
namespace {

/// Receives as much of the header as the kernel has, and no byte after it, because the protocol's
/// stream begins there. Returns whether the header is complete.
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
    // The bytes are there, so this can't fail. With MSG_TRUNC the kernel discards them. tcp(7)
    (void)::recv(fd.get(), buffer.data(), *taken, MSG_TRUNC | MSG_DONTWAIT);
  }
  return true;
}

Proxied give_up(const common::Address* proxy, const ProxyHeader& header, std::error_code reason) {
  const bool has_left = reason == common::Error::cut_short || reason == std::errc::connection_reset;
  if (has_left && !header.begun()) return Proxied::silent;
  common::log(fmt::format("{}closed: PROXY header: {}", proxy ? proxy->to_string() + ": " : "",
                          reason.message()));
  return Proxied::refused;
}

}  // namespace

uring::Task<Proxied> receive_proxy_header(uring::Loop& loop, common::Accepted& accepted,
                                          uring::Deadline& deadline, uring::Canceller& stopping,
                                          bool is_named) {
  ProxyHeader header;
  std::error_code stopped;
  while (true) {
    const auto complete = receive_some(accepted.fd, header);
    if (complete && *complete) break;
    if (!complete) stopped = complete.error();
    if (stopped) co_return give_up(is_named ? &accepted.peer : nullptr, header, stopped);
    // After the deadline, or when a drain begins, we look one last time.
    const auto ready =
        co_await loop.poll(accepted.fd, POLLIN).until(deadline).cancelled_by(stopping);
    if (!ready) stopped = ready.error();
  }
  if (header.client()) accepted.peer = *header.client();
  co_return header.is_check() ? Proxied::check : Proxied::client;
}

}  // namespace finger
