// A server is replaced while clients keep asking. The new one gets the listening socket from the
// old one, over a Unix socket, and says when it serves; only then the old one stops. Generation 3
// fails before it has said so, and in the end two programs come that are no servers, and then two
// successors at the same time.
// Try it: ./02-handover

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr int generations = 5;
constexpr int failing_one = 3;
sockaddr_un gate{.sun_family = AF_UNIX, .sun_path = "gate"};  // where a successor comes
sockaddr_in address{
    .sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
int asked = 0;

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

sockaddr* general(auto& at) { return reinterpret_cast<sockaddr*>(&at); }

int listen_at(auto& at, int family) {
  const int listener = check(socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket");
  const int on = 1;
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  check(bind(listener, general(at), sizeof at), "bind");
  check(listen(listener, 128), "listen");
  return listener;
}

/// A socket that is connected there, or -1.
int connect_to(auto& at, int family) {
  const int fd = check(socket(family, SOCK_STREAM, 0), "socket");
  if (connect(fd, general(at), sizeof at) == 0) return fd;
  close(fd);
  return -1;
}

/// A byte, and room for a descriptor beside it. unix(7)
struct Message {
  char byte = 'L';
  iovec bytes{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{nullptr, 0, &bytes, 1, control, sizeof control, 0};
};

void send_listener(int peer, int listener) {
  Message message;
  cmsghdr* const beside = CMSG_FIRSTHDR(&message.header);
  *beside = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  std::memcpy(CMSG_DATA(beside), &listener, sizeof listener);
  (void)sendmsg(peer, &message.header, MSG_NOSIGNAL);  // if the peer has gone, recv will say so
}

int receive_listener(int peer) {
  Message message;
  check(recvmsg(peer, &message.header, MSG_CMSG_CLOEXEC), "recvmsg");
  int listener = -1;
  const cmsghdr* const beside = CMSG_FIRSTHDR(&message.header);
  if (beside != nullptr) std::memcpy(&listener, CMSG_DATA(beside), sizeof listener);
  return check(listener, "no descriptor came");
}

void answer_one(int listener) {
  const int connection = accept(listener, nullptr, nullptr);
  if (connection < 0) return;  // the other server was quicker
  char byte = 0;
  if (recv(connection, &byte, 1, 0) == 1) send(connection, &byte, 1, MSG_NOSIGNAL);
  close(connection);
}

/// Answers clients until a successor does.
void serve(int listener, int gate_listener) {
  int successor = -1;  // which poll(2) ignores
  while (true) {
    pollfd ready[]{{listener, POLLIN, 0}, {gate_listener, POLLIN, 0}, {successor, POLLIN, 0}};
    check(poll(ready, 3, -1), "poll");
    if (ready[0].revents != 0) answer_one(listener);
    if (ready[2].revents != 0) {
      char byte = 0;
      if (recv(successor, &byte, 1, 0) == 1) return;  // it serves
      close(successor);                               // it ended without serving
      successor = -1;
    } else if (ready[1].revents != 0) {
      if (successor >= 0) close(successor);  // the later one wins
      successor = check(accept(gate_listener, nullptr, nullptr), "accept");
      send_listener(successor, listener);
    }
  }
}

/// The life of a server. It writes its port to `report` when it serves.
void run_generation(int number, int report) {
  const int old = connect_to(gate, AF_UNIX);
  const int listener = old < 0 ? listen_at(address, AF_INET) : receive_listener(old);
  const bool fails = number == failing_one;
  std::printf("%d %s%s\n", number, old < 0 ? "binds the port" : "is handed the socket",
              fails ? ", and fails to start" : "");
  std::fflush(stdout);
  if (fails) return;
  unlink(gate.sun_path);
  const int gate_listener = listen_at(gate, AF_UNIX);
  socklen_t size = sizeof address;
  check(getsockname(listener, general(address), &size), "getsockname");
  const bool is_heard = old < 0 || send(old, "R", 1, MSG_NOSIGNAL) == 1;
  if (!is_heard) return;  // a later one has won
  check(write(report, &address.sin_port, sizeof address.sin_port), "write");
  serve(listener, gate_listener);
}

/// Asks as a client. Returns whether there was an answer.
bool ask() {
  ++asked;
  const int client = connect_to(address, AF_INET);
  char byte = '?';
  const bool answered =
      client >= 0 && send(client, &byte, 1, MSG_NOSIGNAL) == 1 && recv(client, &byte, 1, 0) == 1;
  close(client);
  return answered;
}

void pause(pid_t server) {
  kill(server, SIGSTOP);
  waitpid(server, nullptr, WUNTRACED);
}

bool is_hung_up_on(int visitor) {
  pollfd hung_up{visitor, POLLRDHUP, 0};
  check(poll(&hung_up, 1, 5000), "poll");
  close(visitor);  // and with it the listener that it was sent
  return hung_up.revents != 0;
}

/// Whether the server answers after two visitors at its gate: the first says nothing and waits to
/// be hung up on, the second has gone before the server looks.
bool survives_impostors(pid_t server) {
  pause(server);
  const int silent = connect_to(gate, AF_UNIX);
  close(connect_to(gate, AF_UNIX));
  kill(server, SIGCONT);
  return is_hung_up_on(silent) && ask();
}

/// Whether the server leaves to a successor that says it serves, even if a second one connects
/// before the server looks.
bool leaves_to_the_first(pid_t server) {
  const int first = connect_to(gate, AF_UNIX);
  close(receive_listener(first));
  pause(server);
  const int second = connect_to(gate, AF_UNIX);
  send(first, "R", 1, MSG_NOSIGNAL);
  kill(server, SIGCONT);
  return is_hung_up_on(second);
}

}  // namespace

int main() {
  int unanswered = 0;
  pid_t serving = -1;
  for (int number = 1; number <= generations; ++number) {
    int report[2];
    check(pipe2(report, O_NONBLOCK), "pipe2");
    const pid_t next = check(fork(), "fork");
    if (next == 0) {
      close(report[0]);
      run_generation(number, report[1]);
      return 0;
    }
    close(report[1]);
    while (read(report[0], &address.sin_port, sizeof address.sin_port) < 0) {
      if (number > 1) unanswered += !ask();
    }
    const bool has_failed = number == failing_one;
    if (serving > 0) waitpid(has_failed ? next : serving, nullptr, 0);
    if (!has_failed) serving = next;
    for (int i = 0; i < 500; ++i) unanswered += !ask();
  }
  std::printf("unanswered: %d of %d\n", unanswered, asked);
  std::printf("two impostors: %s\n", survives_impostors(serving) ? "harmless" : "harmful");
  std::printf("two successors: %s\n", leaves_to_the_first(serving) ? "one serves" : "both serve");
  kill(serving, SIGKILL);
  unlink(gate.sun_path);
}
