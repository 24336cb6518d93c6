// Two servers are restarted in turn while clients keep asking. A proxy in front of them sends each
// client to one of the two. Before a restart it is told to drain the server, or it is not.
// Try it: ./04-rolling

#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

constexpr int restarts = 20;
constexpr int clients = 4;
constexpr auto work = 2ms;  // for an answer

/// The proxy's knowledge of a server. In production a separate socket would report it.
struct Server {
  std::atomic<bool> drains{false};
  std::atomic<int> connections{0};
  sockaddr_in address{};
  pid_t process = -1;
};

/// Memory that all of the processes share.
struct Shared {
  std::array<Server, 2> servers;
  std::atomic<int> asked{0};
  std::atomic<int> unanswered{0};
  std::atomic<bool> over{false};
};
Shared* shared = nullptr;

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

sockaddr* general(sockaddr_in& at) { return reinterpret_cast<sockaddr*>(&at); }

/// Listens there. Replaces port 0 by a free port.
int listen_at(sockaddr_in& at) {
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int listener = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  const int on = 1;
  socklen_t size = sizeof at;
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  check(bind(listener, general(at), size), "bind");
  check(listen(listener, 128), "listen");
  check(getsockname(listener, general(at), &size), "getsockname");
  return listener;
}

/// A socket that is connected there, or -1.
int connect_to(sockaddr_in at) {
  const int fd = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  if (connect(fd, general(at), sizeof at) == 0) return fd;
  close(fd);
  return -1;
}

/// Whether the question is answered. Closes the connection.
bool ask(int server, char& byte) {
  const bool answered =
      server >= 0 && send(server, &byte, 1, MSG_NOSIGNAL) == 1 && recv(server, &byte, 1, 0) == 1;
  close(server);
  return answered;
}

pid_t start(auto run) {
  const pid_t process = check(fork(), "fork");
  if (process != 0) return process;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  run();
  _exit(0);
}

/// Serves one client after the other.
void serve(int listener) {
  while (true) {
    const int client = check(accept(listener, nullptr, nullptr), "accept");
    char byte = 0;
    if (recv(client, &byte, 1, 0) == 1) {
      std::this_thread::sleep_for(work);
      send(client, &byte, 1, MSG_NOSIGNAL);
    }
    close(client);
  }
}

/// Returns when the server serves, because clients that connect are in its backlog.
void start_server(Server& server) {
  const int listener = listen_at(server.address);
  server.process = start([listener] { serve(listener); });
  close(listener);
}

// [forward]
/// The server for a client. A connection is counted before it is asked whether the server drains.
Server& choose() {
  static std::atomic<unsigned> turn = 0;
  while (true) {
    Server& server = shared->servers[turn++ % 2];
    ++server.connections;
    if (!server.drains) return server;
    --server.connections;
  }
}

void forward(int client) {
  char byte = 0;
  bool is_open = recv(client, &byte, 1, 0) == 1;
  while (is_open) {
    Server& server = choose();
    const int connection = connect_to(server.address);
    if (connection >= 0) {
      if (ask(connection, byte)) send(client, &byte, 1, MSG_NOSIGNAL);
      is_open = false;
    }  // or it was refused, and the next one is tried
    --server.connections;
  }
  close(client);
}
// [/forward]

void run_proxy(int listener) {
  while (true) {
    const int client = check(accept(listener, nullptr, nullptr), "accept");
    std::thread(forward, client).detach();
  }
}

void run_clients(sockaddr_in proxy) {
  std::vector<std::thread> all;
  for (int i = 0; i < clients; ++i) {
    all.emplace_back([proxy] {
      while (!shared->over) {
        char byte = '?';
        ++shared->asked;
        shared->unanswered += !ask(connect_to(proxy), byte);
      }
    });
  }
  for (std::thread& client : all) client.join();
}

// [restart]
void restart(Server& server, bool drain_first) {
  server.drains = drain_first;
  while (drain_first && server.connections > 0) std::this_thread::sleep_for(1ms);
  kill(server.process, SIGKILL);
  waitpid(server.process, nullptr, 0);
  std::this_thread::sleep_for(5ms);  // the machine boots
  start_server(server);
  server.drains = false;
}
// [/restart]

void try_it(const char* how, bool drain_first) {
  shared->asked = 0;
  shared->unanswered = 0;
  shared->over = false;
  sockaddr_in address{};
  const int listener = listen_at(address);
  for (Server& server : shared->servers) {
    server.connections = 0;  // a proxy that was killed has not taken back its last ones
    start_server(server);
  }
  const pid_t proxy = start([listener] { run_proxy(listener); });
  const pid_t crowd = start([address] { run_clients(address); });
  for (int i = 0; i < restarts; ++i) {
    std::this_thread::sleep_for(20ms);
    restart(shared->servers[static_cast<std::size_t>(i) % 2], drain_first);
  }
  shared->over = true;
  waitpid(crowd, nullptr, 0);
  for (const pid_t process : {proxy, shared->servers[0].process, shared->servers[1].process}) {
    kill(process, SIGKILL);
    waitpid(process, nullptr, 0);
  }
  close(listener);
  std::printf("%-14s %d of %d unanswered\n", how, shared->unanswered.load(), shared->asked.load());
  std::fflush(stdout);
}

}  // namespace

int main() {
  void* const memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) check(-1, "mmap");
  shared = new (memory) Shared;
  try_it("killed", false);
  try_it("drained first", true);
}
