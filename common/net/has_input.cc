#include "common/net/has_input.h"

#include <sys/socket.h>

#include <cstddef>

namespace common {

bool has_input(const Fd& socket) {
  std::byte first;
  return ::recv(socket.get(), &first, sizeof first, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

}  // namespace common
