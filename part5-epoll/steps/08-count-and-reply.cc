// Another protocol on the same loop. A client sends what it likes and half-closes; the server says
// how many bytes that was, and closes. It remembers one number for each client.
// Try it: ./08-count-and-reply 5882   and elsewhere   head -c 999 /dev/zero | ncat 127.0.0.1 5882

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

int listen_on(int port) {
  const int listener =
      check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  const int on = 1;
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
  check(bind(listener, name, size), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  check(getsockname(listener, name, &size), "getsockname");
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return listener;
}

// By descriptor, because with one event at a time none can be stale.
using Counts = std::map<int, ssize_t>;

void accept_client(int epoll, int listener) {
  const int client = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (client < 0 && (errno == EAGAIN || errno == ECONNABORTED)) return;  // it has gone
  check(client, "accept4");
  epoll_event interest{EPOLLIN, {.fd = client}};
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, client, &interest), "epoll_ctl");
}

void serve(int client, Counts& counts) {
  char bytes[16384];
  const ssize_t got = read(client, bytes, sizeof bytes);
  if (got > 0) {
    counts[client] += got;
    return;
  }
  if (got < 0 && errno == EAGAIN) return;
  if (got == 0) dprintf(client, "Received %zd bytes\n", counts[client]);
  counts.erase(client);
  close(client);
}

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a client may leave before its answer
  const int listener = listen_on(argc > 1 ? std::atoi(argv[1]) : 0);
  const int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  epoll_event event{EPOLLIN, {.fd = listener}};
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event), "epoll_ctl");
  Counts counts;
  while (true) {
    const int ready = epoll_wait(epoll, &event, 1, -1);
    if (ready < 0 && errno == EINTR) continue;  // Ctrl-Z and fg do that
    check(ready, "epoll_wait");
    if (event.data.fd == listener) {
      accept_client(epoll, listener);
    } else {
      serve(event.data.fd, counts);
    }
  }
}
