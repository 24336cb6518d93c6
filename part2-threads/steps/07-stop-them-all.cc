// The server on a page with a thread for each client, at most so many at a time, and a stop that
// wakes all of them and costs no client an answer.
// Try it: ./07-stop-them-all 5882 100   and in a second terminal   ncat 127.0.0.1 5882   Then
// type Ctrl-C in the first.

#include <err.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <span>
#include <thread>

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

constexpr std::chrono::seconds patience(60);  // with a client, for a message

template <typename T>
T check(T result, const char* what) {
  if (result < 0) err(1, "%s", what);
  return result;
}

int listen_on(const char* port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::strtoul(port, nullptr, 10)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const auto name = reinterpret_cast<sockaddr*>(&address);
  const int on = 1;
  const int listener = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  check(setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
  check(bind(listener, name, size), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  check(getsockname(listener, name, &size), "getsockname");
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return listener;
}

// A receive or a send that sleeps for longer than this fails with EAGAIN.
void limit_calls(int client, int option, microseconds limit) {
  const timeval value{.tv_sec = limit.count() / 1'000'000, .tv_usec = limit.count() % 1'000'000};
  check(setsockopt(client, SOL_SOCKET, option, &value, sizeof value), "setsockopt");
}

// As recv(2), but it fails when the deadline has passed.
ssize_t receive(int client, std::span<unsigned char> room, Clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::duration_cast<microseconds>(deadline - Clock::now());
    if (left.count() <= 0) return -1;
    limit_calls(client, SO_RCVTIMEO, left);
    const ssize_t n = recv(client, room.data(), room.size(), 0);
    if (n >= 0 || errno != EINTR) return n;  // EINTR: we were suspended, say, and go on
  }
}

bool receive_all(int client, std::span<unsigned char> room, Clock::time_point deadline) {
  while (!room.empty()) {
    const ssize_t n = receive(client, room, deadline);
    if (n <= 0) return false;
    room = room.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

bool send_all(int client, std::span<const unsigned char> rest) {
  while (!rest.empty()) {
    const ssize_t n = send(client, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) rest = rest.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

// Returns when the client has finished sending, announces too much, is too slow, or is gone.
void serve(int client) {
  unsigned char message[4 + 65536];
  limit_calls(client, SO_SNDTIMEO, patience);
  while (true) {
    const auto deadline = Clock::now() + patience;
    if (!receive_all(client, std::span(message).first(4), deadline)) return;
    const std::uint32_t size =
        message[0] | message[1] << 8 | message[2] << 16 | std::uint32_t{message[3]} << 24;
    if (size > sizeof message - 4) return;
    if (!receive_all(client, std::span(message).subspan(4, size), deadline)) return;
    if (!send_all(client, std::span(message).first(4 + size))) return;
  }
}

std::mutex mutex;                 // for what follows
std::condition_variable changed;  // a permit is free, or we are to stop
std::size_t permits_max = 1000;
std::size_t permits_taken = 0;  // by clients, and by the one to be accepted next
std::set<int> serving;          // the sockets that stop() has to shut down
std::atomic<bool> stopping = false;

// [hang-up]
// What we have sent and the client's kernel has not acknowledged yet.
int unacknowledged_bytes(int client) {
  tcp_info info{};
  socklen_t size = sizeof info;
  check(getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &size), "TCP_INFO");
  if (info.tcpi_state == TCP_CLOSE) return 0;  // it is gone, and will acknowledge nothing more
  int bytes = 0;
  check(ioctl(client, SIOCOUTQ, &bytes), "SIOCOUTQ");
  return bytes;
}

void hang_up(int client) {
  unsigned char discarded[4096];
  if (stopping) {
    while (unacknowledged_bytes(client) > 0) {
      recv(client, discarded, sizeof discarded, MSG_DONTWAIT);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    shutdown(client, SHUT_WR);
  } else if (shutdown(client, SHUT_WR) == 0) {
    const auto give_up = Clock::now() + std::chrono::seconds(2);
    while (receive(client, discarded, give_up) > 0) {
    }
  }
  close(client);
}
// [/hang-up]

bool take_permit() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [] { return stopping || permits_taken < permits_max; });
  if (!stopping) ++permits_taken;
  return !stopping;
}

void give_back_permit() {
  const std::scoped_lock lock(mutex);
  --permits_taken;
  changed.notify_all();
}

void serve_client(int client) {
  {
    const std::scoped_lock lock(mutex);
    serving.insert(client);
    if (stopping) shutdown(client, SHUT_RD);  // stop() came first
  }
  serve(client);
  {
    const std::scoped_lock lock(mutex);
    serving.erase(client);  // before hang_up closes it, and the number is another client's
  }
  hang_up(client);
  give_back_permit();
}

void accept_clients(int listener) {
  while (take_permit()) {
    const int client = accept(listener, nullptr, nullptr);
    if (client < 0 && !stopping) err(1, "accept");
    if (client < 0) return give_back_permit();  // stop() has shut down the listener
    std::thread(serve_client, client).detach();
  }
}

void stop(int listener) {
  const std::scoped_lock lock(mutex);
  stopping = true;
  changed.notify_all();
  shutdown(listener, SHUT_RDWR);
  for (const int client : serving) shutdown(client, SHUT_RD);
}

int main(int argc, char** argv) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // in this thread, and in those that it starts
  if (argc > 2) permits_max = std::strtoul(argv[2], nullptr, 10);
  const int listener = listen_on(argc > 1 ? argv[1] : "0");

  std::thread([=] {
    int signal = 0;
    sigwait(&signals, &signal);
    stop(listener);
    std::this_thread::sleep_for(std::chrono::seconds(5));
    _exit(0);  // some client has held us up for long enough
  }).detach();

  accept_clients(listener);
  std::unique_lock lock(mutex);
  changed.wait(lock, [] { return permits_taken == 0; });
}
