// A non-blocking accept returns immediately, and when no client waits it fails with EAGAIN: a loop
// that prints its errors floods the log.
// Try it: ./01-eagain-flood   then see how long a million lines take:
//         ./01-eagain-flood 1000000 2> /dev/null

#include <arpa/inet.h>
#include <err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

template <typename T>
T check(T result, const char* what) {
  if (result < 0) err(1, "%s", what);
  return result;
}

int main(int argc, char** argv) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);  // and port 0: the kernel picks one
  socklen_t size = sizeof address;
  const auto name = reinterpret_cast<sockaddr*>(&address);
  const int listener = check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket");
  check(bind(listener, name, size), "bind");
  check(listen(listener, 1), "listen");
  check(getsockname(listener, name, &size), "getsockname");

  const unsigned long tries = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1000;
  const auto start = std::chrono::steady_clock::now();
  // [tries]
  for (unsigned long i = 0; i < tries; ++i) {
    if (accept(listener, nullptr, nullptr) < 0) warn("accept");
  }
  // [/tries]
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  std::printf("%lu tries, no client, %.1f ms\n", tries, took.count());

  const int client = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  check(connect(client, name, size), "connect");
  const int server = check(accept(listener, nullptr, nullptr), "accept");
  std::printf("a client: accepted\n");
  for (const int fd : {listener, client, server}) close(fd);
}
