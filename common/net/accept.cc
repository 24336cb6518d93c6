#include "common/net/accept.h"

#include <sys/socket.h>

#include <cerrno>

namespace common {

Result<Accepted> accept_waiting(const Fd& listener) {
  while (true) {
    Accepted client;
    socklen_t size = Address::capacity();
    client.fd = Fd(::accept4(listener.get(), client.peer.data(), &size, SOCK_CLOEXEC));
    if (client.fd || errno == EAGAIN) return client;
    // ECONNABORTED: this client left while it was queued; the next may be fine. See accept(2).
    if (errno != EINTR && errno != ECONNABORTED) return last_error();
  }
}

bool is_transient_accept_error(std::error_code error) {
  const auto& category = error.category();  // other categories number their errors differently
  if (category != std::system_category() && category != std::generic_category()) return false;
  switch (error.value()) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:  // until a connection closes
    case EINTR:
    case ECONNABORTED:  // this client left while it was queued: no pause is needed
    case EPERM:         // a firewall's rule, or a filter of system calls
    case ENETDOWN:
    case EPROTO:  // from here on, Linux passes on an error of the new connection
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
      return true;
    default:
      return false;
  }
}

}  // namespace common
