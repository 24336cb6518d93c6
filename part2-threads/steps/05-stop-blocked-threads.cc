// shutdown(2) from another thread ends a blocked accept with EINVAL and a blocked recv with 0. recv
// returns that 0 only after the bytes that have already arrived: what an orderly stop wants.
// Try it: ./05-stop-blocked-threads   Then use close instead: on Linux the threads sleep on.

#include <arpa/inet.h>
#include <err.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <thread>

template <typename T>
T check(T result, const char* what) {
  if (result < 0) err(1, "%s", what);
  return result;
}

void read_to_the_end(const char* name, int fd) {
  char buffer[16];
  ssize_t n;
  do {
    n = check(recv(fd, buffer, sizeof buffer, 0), "recv");
    std::printf("%s: recv gave %zd\n", name, n);
  } while (n > 0);
}

int main() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);  // and port 0: the kernel picks one
  socklen_t size = sizeof address;
  const auto name = reinterpret_cast<sockaddr*>(&address);
  const int listener = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  check(bind(listener, name, size), "bind");
  check(listen(listener, 2), "listen");
  check(getsockname(listener, name, &size), "getsockname");
  int client[2];
  int server[2];
  for (int i = 0; i < 2; ++i) {
    client[i] = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
    check(connect(client[i], name, size), "connect");
    server[i] = check(accept(listener, nullptr, nullptr), "accept");
  }
  check(write(client[1], "hello", 5), "write");
  int arrived = 0;
  while (arrived < 5) check(ioctl(server[1], FIONREAD, &arrived), "FIONREAD");

  // [stop]
  std::jthread acceptor([listener] {
    if (accept(listener, nullptr, nullptr) < 0) std::printf("accept: %s\n", std::strerror(errno));
  });
  std::jthread silent(read_to_the_end, "silent client", server[0]);
  usleep(50'000);  // let them block; a call that came later would return without waiting
  check(shutdown(listener, SHUT_RDWR), "shutdown");
  acceptor.join();
  check(shutdown(server[0], SHUT_RD), "shutdown");
  silent.join();
  check(shutdown(server[1], SHUT_RD), "shutdown");
  read_to_the_end("client with bytes queued", server[1]);
  // [/stop]
}
