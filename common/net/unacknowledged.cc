#include "common/net/unacknowledged.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace common {

std::size_t unacknowledged_bytes(const Fd& socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket.get(), IPPROTO_TCP, TCP_INFO, &info, &size) < 0) return 0;
  if (info.tcpi_state == TCP_CLOSE) return 0;  // SIOCOUTQ would still report the old number

  int bytes = 0;
  if (::ioctl(socket.get(), SIOCOUTQ, &bytes) < 0) return 0;
  return static_cast<std::size_t>(bytes);
}

}  // namespace common
