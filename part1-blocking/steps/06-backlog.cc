// The backlog is a queue with a size: before any accept, the kernel completes that many connections
// and one more. It drops the SYN of the next client, whose kernel sends it again, first after a
// second.
// Try it: ./06-backlog 20   and within 20 seconds   ss -ltn   and   ss -tno state syn-sent

#include <arpa/inet.h>
#include <err.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

template <typename T>
T check(T result, const char* what) {
  if (result < 0) err(1, "%s", what);
  return result;
}

tcp_info info_of(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  check(getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size), "TCP_INFO");
  return info;
}

int main(int argc, char** argv) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);  // and port 0: the kernel picks one
  socklen_t size = sizeof address;
  const auto name = reinterpret_cast<sockaddr*>(&address);
  const int listener = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  check(bind(listener, name, size), "bind");
  check(listen(listener, 2), "listen");
  check(getsockname(listener, name, &size), "getsockname");
  std::printf("port %d, backlog 2, nobody calls accept\n", ntohs(address.sin_port));

  for (unsigned i = 1; i <= 5; ++i) {
    const int client = check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket");
    if (connect(client, name, size) < 0 && errno != EINPROGRESS) err(1, "connect");
    while (i <= 3 && info_of(listener).tcpi_unacked < i) usleep(1000);  // a listener's: its queue
    const bool connected = info_of(client).tcpi_state == TCP_ESTABLISHED;
    std::printf("client %u: %s\n", i, connected ? "connected" : "SYN sent, no answer");
  }
  std::printf("queue: %u of %u\n", info_of(listener).tcpi_unacked, info_of(listener).tcpi_sacked);

  std::fflush(stdout);
  if (argc > 1) sleep(static_cast<unsigned>(std::strtoul(argv[1], nullptr, 10)));
}
