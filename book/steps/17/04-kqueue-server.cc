// An echo server on kqueue(2). One call hands in the changes that have come
// together, waits, and returns the events, of descriptors and of a signal alike. For macOS and the
// BSDs; on Linux it is built where there is libkqueue. It keeps no output.
// Try it: ./04-kqueue-server 5882   and in two other terminals   nc 127.0.0.1 5882

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <vector>

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

void prepare(int fd) {
  check(fcntl(fd, F_SETFD, FD_CLOEXEC), "fcntl");
  check(fcntl(fd, F_SETFL, O_NONBLOCK), "fcntl");
}

int listen_on(int port) {
  const int listener = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  prepare(listener);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const int on = 1;
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
  check(bind(listener, reinterpret_cast<sockaddr*>(&address), size), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  check(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return listener;
}

// Echoes the bytes of one recv. False if the client has closed, or must be closed.
bool echo(int client) {
  char bytes[4096];
  const ssize_t got = recv(client, bytes, sizeof bytes, 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  return got > 0 && send(client, bytes, static_cast<size_t>(got), 0) == got;
}

struct kevent entry(int ident, short filter) {
  struct kevent change;
  EV_SET(&change, static_cast<uintptr_t>(ident), filter, EV_ADD, 0, 0, nullptr);
  return change;
}

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // older macOS has no MSG_NOSIGNAL
  std::signal(SIGTERM, SIG_IGN);  // the queue reports it
  const int listener = listen_on(argc > 1 ? std::atoi(argv[1]) : 0);
  const int queue = check(kqueue(), "kqueue");
  // [loop]
  std::vector changes{entry(listener, EVFILT_READ), entry(SIGTERM, EVFILT_SIGNAL)};
  while (true) {
    struct kevent batch[64];
    const int ready =
        kevent(queue, changes.data(), static_cast<int>(changes.size()), batch, 64, nullptr);
    changes.clear();  // the kernel took them, even if a signal ended the wait
    if (ready < 0 && errno == EINTR) continue;
    check(ready, "kevent");
    for (int i = 0; i < ready; ++i) {
      const int fd = static_cast<int>(batch[i].ident);
      const bool is_client = batch[i].filter == EVFILT_READ && fd != listener;
      const bool is_refused = batch[i].flags & EV_ERROR;  // a change that the kernel did not take
      if (is_refused && !is_client) return 1;
      if (is_client) {
        if (is_refused || !echo(fd)) close(fd);  // which takes it off the list, too
        continue;
      }
      if (batch[i].filter == EVFILT_SIGNAL) return 0;
      const int client = accept(listener, nullptr, nullptr);
      if (client < 0) continue;  // it has gone, or EMFILE
      prepare(client);
      changes.push_back(entry(client, EVFILT_READ));
    }
  }
  // [/loop]
}
