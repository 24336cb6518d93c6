#include "common/socket.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

namespace common {

std::size_t unacknowledged_bytes(const Fd& socket) {
  int bytes = 0;
  if (::ioctl(socket.get(), SIOCOUTQ, &bytes) < 0) return 0;
  return static_cast<std::size_t>(bytes);
}

}  // namespace common
