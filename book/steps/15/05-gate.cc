// A service manager in a few lines, for a server that systemd could start. It keeps the listening
// socket, passes it to the server that it starts, and hears when that serves. A gate that comes
// later to the same place is handed the socket (02-handover); when its server serves, ours gets
// SIGQUIT: it accepts no more, serves the clients that it has, and ends, and so does its gate.
// Try it: ./05-gate /tmp/gate 7979 fingerd --users finger/users   and again in another terminal

#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

constexpr int passed = 3;  // the first descriptor of LISTEN_FDS. sd_listen_fds(3)
volatile pid_t server = -1;

int check(ssize_t result, const char* what) {
  if (result < 0) err(1, "%s", what);
  return static_cast<int>(result);
}

sockaddr* general(auto& at) { return reinterpret_cast<sockaddr*>(&at); }

sockaddr_un at_path(const std::string& path) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (path.size() >= sizeof address.sun_path) errx(2, "%s: is too long", path.c_str());
  path.copy(address.sun_path, path.size());
  return address;
}

int bound_to(auto address, int type) {
  const int made = check(socket(general(address)->sa_family, type | SOCK_CLOEXEC, 0), "socket");
  const int on = 1;
  check(setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  check(bind(made, general(address), sizeof address), "bind");
  if (type == SOCK_STREAM) check(listen(made, SOMAXCONN), "listen");
  return made;
}

/// The gate before us, or -1.
int connect_to(sockaddr_un place) {
  const int fd = check(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  if (connect(fd, general(place), sizeof place) == 0) return fd;
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
  if (beside == nullptr) errx(1, "the gate before this one has passed no socket on");
  std::memcpy(&listener, CMSG_DATA(beside), sizeof listener);
  return listener;
}

/// Becomes the server, as systemd would start it.
[[noreturn]] void become(char** words, int listener, const std::string& notify_path) {
  check(listener == passed ? fcntl(passed, F_SETFD, 0) : dup2(listener, passed), "descriptor 3");
  setenv("LISTEN_FDS", "1", 1);
  setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  setenv("NOTIFY_SOCKET", notify_path.c_str(), 1);
  execvp(words[0], words);
  err(1, "%s", words[0]);
}

bool says_ready(int notify) {
  char text[4096];
  const ssize_t size = recv(notify, text, sizeof text, 0);
  return size > 0 && std::string_view(text, static_cast<std::size_t>(size)).contains("READY=1");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) errx(2, "usage: 05-gate PLACE PORT PROGRAM [OPTION]...");
  const std::string place = argv[1];
  const std::string notify_path = place + "." + std::to_string(getpid());
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[2]));
  const int old = connect_to(at_path(place));
  const sockaddr_in address{.sin_family = AF_INET,
                            .sin_port = htons(port),
                            .sin_addr = {htonl(INADDR_LOOPBACK)},
                            .sin_zero = {}};
  const int listener = old < 0 ? bound_to(address, SOCK_STREAM) : receive_listener(old);
  const int notify = bound_to(at_path(notify_path), SOCK_DGRAM);

  server = check(fork(), "fork");
  if (server == 0) become(argv + 3, listener, notify_path);
  for (const int each : {SIGTERM, SIGINT})
    std::signal(each, [](int number) { kill(server, number); });
  const int ended = check(syscall(SYS_pidfd_open, server, 0), "pidfd_open");
  int gate = -1;       // where the next one comes, once our server serves; poll(2) ignores -1
  int successor = -1;  // the one that we handed the socket to
  while (true) {
    pollfd ready[]{
        {ended, POLLIN, 0}, {notify, POLLIN, 0}, {gate, POLLIN, 0}, {successor, POLLIN, 0}};
    if (poll(ready, 4, -1) < 0) continue;  // EINTR: the server has the signal now
    if (ready[0].revents != 0) break;
    if (ready[1].revents != 0 && says_ready(notify) && gate < 0) {
      unlink(place.c_str());  // from here on the next gate comes to this one
      gate = bound_to(at_path(place), SOCK_STREAM);
      if (old >= 0) send(old, "R", 1, MSG_NOSIGNAL);
    } else if (ready[3].revents != 0) {
      char byte = 0;
      if (recv(successor, &byte, 1, 0) == 1) {  // the next server serves
        kill(server, SIGQUIT);
        break;
      }
      close(successor);  // it ended without serving
      successor = -1;
    } else if (ready[2].revents != 0) {
      if (successor >= 0) close(successor);  // the later one wins
      successor = check(accept4(gate, nullptr, nullptr, SOCK_CLOEXEC), "accept");
      send_listener(successor, listener);
    }
  }
  close(gate);  // a gate that comes too late must not serve
  int status = 0;
  check(waitpid(server, &status, 0), "waitpid");
  unlink(notify_path.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
