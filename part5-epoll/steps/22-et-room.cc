// When an edge-triggered EPOLLOUT is reported: at first, and then only after a send has got EAGAIN
// and the peer has read. And it comes along with every EPOLLIN, where it says nothing new.
// Try it: ./22-et-room

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <initializer_list>

namespace {

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

/// A TCP connection, with a socket that does not wait at our end.
void connect_two(int& ours, int& peer) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);  // and port 0: the kernel picks one
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  const int listener = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  peer = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  check(bind(listener, name, size), "bind");
  check(listen(listener, 1), "listen");
  check(getsockname(listener, name, &size), "getsockname");
  check(connect(peer, name, size), "connect");
  ours = check(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC), "accept4");
  close(listener);
}

void ask(const char* after, int epoll) {
  epoll_event event{};
  check(epoll_wait(epoll, &event, 1, 300), "epoll_wait");
  std::printf("%-32s%s%s%s\n", after, event.events & EPOLLIN ? " EPOLLIN" : "",
              event.events & EPOLLOUT ? " EPOLLOUT" : "", event.events == 0 ? " nothing" : "");
}

}  // namespace

int main() {
  int ours = -1;
  int peer = -1;
  connect_two(ours, peer);
  const int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  char bytes[4096] = {};

  // [asks]
  epoll_event both{EPOLLIN | EPOLLOUT | EPOLLET, {.fd = ours}};
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, ours, &both), "epoll_ctl");
  ask("registered", epoll);
  ask("asked again", epoll);

  check(send(ours, "hi", 2, MSG_NOSIGNAL), "send");
  ask("we send 2 bytes, all are taken", epoll);
  check(send(peer, "x", 1, MSG_NOSIGNAL), "send");
  ask("a byte comes", epoll);

  ssize_t unread = 2;
  ssize_t sent = 0;
  while ((sent = send(ours, bytes, sizeof bytes, MSG_NOSIGNAL)) > 0) unread += sent;
  ask("we send until EAGAIN", epoll);
  while (unread > 0) unread -= check(recv(peer, bytes, sizeof bytes, 0), "recv");
  ask("the peer has read everything", epoll);
  // [/asks]

  for (const int fd : {ours, peer, epoll}) close(fd);
}
