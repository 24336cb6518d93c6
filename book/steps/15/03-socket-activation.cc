// Socket activation, both sides of it. A manager listens and starts no server. When the first
// client has connected, it starts one, and passes the listening socket as descriptor 3. This server
// answers two clients and dies, though four have come; the others wait until the next one is
// started. Try it: ./03-socket-activation

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

constexpr int passed_first = 3;  // sd_listen_fds(3)
constexpr int clients = 4;
constexpr int answered_by_each = 2;

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

int number_in(const char* name) {
  const char* const text = std::getenv(name);
  if (text == nullptr) return 0;
  const std::string_view digits = text;
  int number = 0;
  std::from_chars(digits.begin(), digits.end(), number);
  return number;
}

/// The passed socket, or -1. Variables that we only inherited are for a different process.
int passed_listener() {
  if (number_in("LISTEN_PID") != getpid() || number_in("LISTEN_FDS") != 1) return -1;
  int listens = 0;
  socklen_t size = sizeof listens;
  if (getsockopt(passed_first, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0) return -1;
  return listens != 0 ? passed_first : -1;
}

int run_server() {
  const int listener = passed_listener();
  if (listener < 0) {
    std::puts("server: no socket was passed");
    return 1;
  }
  std::puts("server: descriptor 3 listens");
  for (int i = 0; i < answered_by_each; ++i) {
    const int connection = check(accept(listener, nullptr, nullptr), "accept");
    char name = 0;
    check(recv(connection, &name, 1, 0), "recv");
    check(send(connection, &name, 1, MSG_NOSIGNAL), "send");
    std::printf("server: answers client %c\n", name);
    close(connection);
  }
  return 0;
}

/// Becomes the server, in a child.
[[noreturn]] void start_server(int listener) {
  check(dup2(listener, passed_first), "dup2");
  // dup2 clears FD_CLOEXEC, but does nothing to a listener that is 3 already: exec would close it.
  check(fcntl(passed_first, F_SETFD, 0), "F_SETFD");
  setenv("LISTEN_FDS", "1", 1);
  setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  execl("/proc/self/exe", "03-socket-activation", "serve", nullptr);
  std::perror("execl");
  _exit(1);
}

/// Starts a server when there is work and none runs.
void manage(int listener) {
  for (int served = 0; served < clients; served += answered_by_each) {
    pollfd waiting{listener, POLLIN, 0};
    check(poll(&waiting, 1, -1), "poll");
    std::puts("manager: a client waits, and a server is started");
    std::fflush(stdout);
    const pid_t server = check(fork(), "fork");
    if (server == 0) start_server(listener);
    waitpid(server, nullptr, 0);
    std::puts("manager: the server has ended");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && argv[1] == std::string_view("serve")) return run_server();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  auto* const general = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  const int listener = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  check(bind(listener, general, size), "bind");
  check(listen(listener, clients), "listen");
  check(getsockname(listener, general, &size), "getsockname");

  int fds[clients];
  for (int i = 0; i < clients; ++i) {
    fds[i] = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    check(connect(fds[i], general, size), "connect");
    const char name = static_cast<char>('A' + i);
    check(send(fds[i], &name, 1, 0), "send");
  }
  std::puts("four clients have connected and asked; no server runs");
  manage(listener);
  close(listener);
  int answered = 0;
  for (const int fd : fds) {
    char name = 0;
    answered += recv(fd, &name, 1, 0) == 1;
  }
  std::printf("answered: %d\n", answered);
}
