#include "ring_server/proxied.h"

#include <poll.h>

#include <system_error>
#include <utility>

#include "ring_server/proxied_connection.h"

namespace uring {

Task<Status> receive_proxy_header(Loop& loop, common::Accepted& accepted, Deadline& deadline) {
  common::ProxiedConnection connection(std::move(accepted));
  std::error_code stopped;
  while (true) {
    const auto complete = connection.receive_header();
    if (complete && *complete) {
      accepted = connection.take();
      co_return {};
    }
    if (!complete) stopped = complete.error();
    if (stopped) {
      connection.log_closed(stopped);
      co_return std::unexpected(stopped);
    }
    // A last look follows when it has waited long enough, or a drain begins.
    const auto ready = co_await loop.poll(connection.fd(), POLLIN).until(deadline);
    if (!ready) stopped = ready.error();
  }
}

}  // namespace uring
