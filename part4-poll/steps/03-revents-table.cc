// What poll(2) reports on a TCP connection after its peer has done this or that, first when asked
// for nothing, then when asked for IN, OUT and RDHUP; and what recv(2) then returns.
// Try it: ./03-revents-table

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

void show(int fd, short asked) {
  pollfd entry{fd, asked, 0};
  check(poll(&entry, 1, 0), "poll");
  const auto name = [&](int bit, const char* text) { return entry.revents & bit ? text : ""; };
  std::printf("| %-2s %-3s %-5s %-3s %-3s ", name(POLLIN, "IN"), name(POLLOUT, "OUT"),
              name(POLLRDHUP, "RDHUP"), name(POLLERR, "ERR"), name(POLLHUP, "HUP"));
}

// Actions before the question; a row combines some of them.
enum {
  none = 0,
  sends = 1,          // the peer sends five bytes
  half_closes = 2,    // the peer has finished sending
  closes = 4,         // the peer closes its descriptor
  ours_unread = 8,    // the peer leaves our bytes unread, so its close becomes a reset
  we_half_close = 16  // our side has finished sending
};

// Does what `actions` says on a new connection, waits for `arrival`, and prints a row of the table.
void row(const char* title, int actions, short arrival) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);  // and port 0: the kernel picks one
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  const int listener = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  const int peer = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  check(bind(listener, name, size), "bind");
  check(listen(listener, 1), "listen");
  check(getsockname(listener, name, &size), "getsockname");
  check(connect(peer, name, size), "connect");
  const int ours = check(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC), "accept4");
  char bytes[8];

  if (actions & ours_unread) {
    check(send(ours, "12345", 5, 0), "send");
    check(recv(peer, bytes, 5, MSG_PEEK), "recv");  // it has arrived, and stays unread
  }
  if (actions & we_half_close) check(shutdown(ours, SHUT_WR), "shutdown");
  if (actions & sends) check(send(peer, "12345", 5, 0), "send");
  if (actions & half_closes) check(shutdown(peer, SHUT_WR), "shutdown");
  if (actions & closes) close(peer);
  pollfd entry{ours, arrival, 0};
  check(poll(&entry, 1, 5000), "poll");  // until the peer's action arrives

  std::printf("%-23s", title);
  show(ours, 0);
  show(ours, POLLIN | POLLOUT | POLLRDHUP);
  ssize_t got = 0;
  while ((got = recv(ours, bytes, 8, MSG_DONTWAIT)) > 0) std::printf("| %zd bytes ", got);
  if (got == 0) {
    std::puts("| end");
  } else {
    std::printf("| %s\n", errno == EAGAIN ? "EAGAIN" : std::strerror(errno));
  }
  close(ours);
  close(listener);
  if (!(actions & closes)) close(peer);
}

int main() {
  std::puts(
      "the peer               | asked for nothing    | asked for all three  | then recv gave");
  row("nothing", none, POLLOUT);
  row("sends 5", sends, POLLIN);
  row("sends 5, half-closes", sends | half_closes, POLLRDHUP);
  row("sends 5, closes", sends | closes, POLLRDHUP);
  row("sends 5, resets", ours_unread | sends | closes, POLLRDHUP);
  row("closes, we half-closed", closes | we_half_close, POLLRDHUP);
}
