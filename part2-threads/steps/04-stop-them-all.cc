// The server with a thread for each client, and a stop that wakes all of them and costs no client
// an answer.
// Try it: ./04-stop-them-all 5882   and in a second terminal   ncat 127.0.0.1 5882   Then type
// Ctrl-C in the first.

#include <err.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <semaphore.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <span>
#include <string_view>
#include <system_error>
#include <thread>

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

int check(int result, const char* what) {
  if (result < 0) err(1, "%s", what);
  return result;
}

int listen_on(const char* port) {
  const int type = SOCK_STREAM;
  const int listener = check(socket(AF_INET, type, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::strtoul(port, nullptr, 10)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const auto name = reinterpret_cast<sockaddr*>(&address);
  const int on = 1;
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  check(setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
  check(bind(listener, name, size), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  check(getsockname(listener, name, &size), "getsockname");
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return listener;
}

// The value after a name on the command line, such as 100 after --max-connections. A time comes
// back in milliseconds, be it 300ms, 60s or 5m.
unsigned long option(std::span<char*> words, std::string_view name, unsigned long otherwise) {
  for (std::size_t i = 1; i + 1 < words.size(); ++i) {
    if (words[i] != name) continue;
    char* rest = nullptr;
    const unsigned long number = std::strtoul(words[i + 1], &rest, 10);
    const std::string_view unit = rest;
    return unit == "s" ? number * 1000 : unit == "m" ? number * 60'000 : number;
  }
  return otherwise;
}

// The bytes sent that the client's kernel has not acknowledged yet.
int unacknowledged_bytes(int client) {
  tcp_info info{};
  socklen_t size = sizeof info;
  check(getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &size), "TCP_INFO");
  // After a reset nothing more is acknowledged, so SIOCOUTQ keeps its last value forever.
  if (info.tcpi_state == TCP_CLOSE) return 0;
  int bytes = 0;
  check(ioctl(client, SIOCOUTQ, &bytes), "SIOCOUTQ");
  return bytes;
}

// The length in the first four bytes, lowest byte first.
std::uint32_t length_in(std::string_view bytes) {
  std::uint32_t length = 0;
  for (const unsigned i : {3U, 2U, 1U, 0U}) {
    length = length << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return length;
}

constexpr std::size_t message_bytes_max = 4 + 65536;  // the header, too
milliseconds patience = 60s;  // with a client, for a message or for taking answers
std::atomic<bool> stopping = false;

Time patience_ends() { return Clock::now() + patience; }

// A receive or a send that sleeps for longer than this fails with EAGAIN.
void limit_calls(int client, int option, milliseconds limit) {
  const timeval value{.tv_sec = limit.count() / 1000, .tv_usec = limit.count() % 1000 * 1000};
  check(setsockopt(client, SOL_SOCKET, option, &value, sizeof value), "setsockopt");
}

// Like recv(2), but fails when the deadline has passed.
ssize_t receive_until(int client, std::span<char> room, Time deadline) {
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
    if (left <= 0ms) return -1;
    limit_calls(client, SO_RCVTIMEO, left);
    const ssize_t n = recv(client, room.data(), room.size(), 0);
    if (n >= 0 || errno != EINTR) return n;  // EINTR: we were suspended, say, and go on
  }
}

bool receive_all(int client, std::span<char> room, Time deadline) {
  while (!room.empty()) {
    const ssize_t n = receive_until(client, room, deadline);
    if (n <= 0) return false;
    room = room.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

bool send_all(int client, std::string_view rest) {
  while (!rest.empty()) {
    const ssize_t n = send(client, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) rest.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

// Returns when the client has finished sending, announces too much, is too slow, or is gone.
void serve(int client) {
  char message[message_bytes_max];
  limit_calls(client, SO_SNDTIMEO, patience);
  while (true) {
    const Time deadline = patience_ends();
    if (!receive_all(client, {message, 4}, deadline)) return;
    const std::uint32_t size = length_in({message, 4});
    if (size > sizeof message - 4) return;
    if (!receive_all(client, {message + 4, size}, deadline)) return;
    if (!send_all(client, {message, 4 + size})) return;
  }
}

// Ends sending when all is acknowledged: after that, more input would bring on a reset.
void end_sending(int client) {
  char discarded[4096];
  while (unacknowledged_bytes(client) > 0) {
    const ssize_t n = recv(client, discarded, sizeof discarded, MSG_DONTWAIT);
    if (n <= 0) std::this_thread::sleep_for(5ms);
  }
  shutdown(client, SHUT_WR);
}

void hang_up(int client) {
  // First our end of the stream, after the last answer. It fails if the client is gone already.
  if (!stopping && shutdown(client, SHUT_WR) == 0) {
    // Then discard the client's input, until it ends its side, or for two seconds.
    const Time give_up = Clock::now() + 2s;
    char discarded[4096];
    while (receive_until(client, discarded, give_up) > 0) {
    }
  }
  if (stopping) end_sending(client);
  close(client);
}

sem_t permits;  // as many as there may be clients
std::mutex mutex;
std::set<int> serving;  // the sockets that stop() has to end, under the mutex

void serve_client(int client) {
  {
    const std::scoped_lock lock(mutex);
    serving.insert(client);
    if (stopping) shutdown(client, SHUT_RD);  // stop() came first
  }
  serve(client);
  {
    const std::scoped_lock lock(mutex);
    serving.erase(client);  // before it is closed, and the number is another client's
  }
  hang_up(client);
  sem_post(&permits);
}

void accept_one(int listener) {
  sem_wait(&permits);
  const int client = accept(listener, nullptr, nullptr);
  if (client < 0 && stopping) {
    sem_post(&permits);
    return;
  }
  check(client, "accept");
  try {
    std::thread(serve_client, client).detach();
  } catch (const std::system_error&) {
    serve_client(client);  // no thread is available, so this one serves, and accepts later
  }
}

void stop(int listener) {
  const std::scoped_lock lock(mutex);
  stopping = true;
  shutdown(listener, SHUT_RDWR);  // accept fails, now and later
  // From now on recv returns what has arrived, and then 0.
  for (const int client : serving) shutdown(client, SHUT_RD);
}

int main(int argc, char** argv) {
  const std::span words(argv, static_cast<std::size_t>(argc));
  patience = milliseconds(option(words, "--read-timeout", 60'000));
  if (patience == 0ms) patience = std::chrono::years(1);  // 0: no limit
  const auto clients_max = static_cast<unsigned>(option(words, "--max-connections", 1000));
  sem_init(&permits, 0, clients_max);
  const milliseconds drain_limit(option(words, "--drain-timeout", 5'000));

  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // in this thread, and in those that it starts
  const int listener = listen_on(argc > 1 ? argv[1] : "0");
  std::thread([=] {
    int signal = 0;
    sigwait(&signals, &signal);
    stop(listener);
    std::this_thread::sleep_for(drain_limit);
    _exit(0);  // some client has held us up for long enough
  }).detach();

  while (!stopping) accept_one(listener);
  for (unsigned i = 0; i < clients_max; ++i) sem_wait(&permits);  // all: no thread serves
}
