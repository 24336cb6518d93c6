// Making an accepted socket non-blocking takes two more system calls with fcntl, none with accept4.
// Try it: strace -e trace=accept,accept4,fcntl ./06-accept4 fcntl   and the same with   accept4

#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

template <typename T>
T check(T result, const char* what) {
  if (result < 0) err(1, "%s", what);
  return result;
}

int accept_then_fcntl(int listener) {
  const int fd = check(accept(listener, nullptr, nullptr), "accept");
  const int flags = check(fcntl(fd, F_GETFL), "F_GETFL");  // a listener's flags are not inherited
  check(fcntl(fd, F_SETFL, flags | O_NONBLOCK), "F_SETFL");
  return fd;
}

int accept_nonblocking(int listener) {
  return check(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK), "accept4");
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
  const int client = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  check(connect(client, name, size), "connect");

  const bool two_steps = argc > 1 && std::string_view(argv[1]) == "fcntl";
  const int server = two_steps ? accept_then_fcntl(listener) : accept_nonblocking(listener);
  char byte;
  if (read(server, &byte, 1) < 0) std::printf("read: %s\n", std::strerror(errno));
  for (const int fd : {listener, client, server}) close(fd);
}
