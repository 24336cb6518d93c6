#include "common/net/accept.h"

#include <cerrno>

namespace common {

bool is_transient_accept_error(std::error_code error) {
  const auto& category = error.category();  // others have numbers of their own
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
    case EPROTO:  // this one and the rest: Linux passes on an error of the new connection
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
