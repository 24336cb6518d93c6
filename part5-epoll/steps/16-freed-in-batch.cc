// BROKEN on purpose: two clients are tied together, as in a proxy, and an event is a pointer to one
// of them. It is recv(2) that decides, and not the event; but the two hang up at the same moment,
// the first event of the batch frees both, and the second still points there.
// Try it: ./16-freed-in-batch   and, for a report,   ./16-freed-in-batch-asan
// build: also with -fsanitize=address

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

struct Client {
  int fd = -1;
  Client* partner = nullptr;
};

// A client that has hung up already.
Client* connect_and_hang_up(int epoll) {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  auto* const client = new Client{.fd = ends[0]};
  epoll_event interest{EPOLLIN, {.ptr = client}};
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, client->fd, &interest), "epoll_ctl");
  close(ends[1]);
  return client;
}

void close_and_free(Client* client) {
  close(client->fd);
  delete client;
}

void turn(Client* client) {
  char byte;
  if (recv(client->fd, &byte, 1, MSG_DONTWAIT) != 0) return;  // 0 is the end of its stream
  std::puts("one has hung up: both are closed");
  close_and_free(client->partner);
  close_and_free(client);
}

int main() {
  std::setvbuf(stdout, nullptr, _IONBF, 0);  // to be seen even if the sanitizer ends it
  const int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  Client* const a = connect_and_hang_up(epoll);
  Client* const b = connect_and_hang_up(epoll);
  a->partner = b;
  b->partner = a;

  // [batch]
  epoll_event batch[2] = {};
  const int ready = check(epoll_wait(epoll, batch, 2, 0), "epoll_wait");
  for (int i = 0; i < ready; ++i) turn(static_cast<Client*>(batch[i].data.ptr));
  // [/batch]
  close(epoll);
}
