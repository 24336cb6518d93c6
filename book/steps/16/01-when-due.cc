// An open loop: messages are due at random, so many a second, and each is sent when it's due. If
// all connections wait for an answer, another one is opened, so no message waits for an earlier
// one's answer. Latencies count from when a message was due. How late the client itself was is
// told, too. Try it: ./01-when-due 5882 200 400     with the port of ./serve part5, and messages a
// second

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

constexpr auto warm_up = 500ms;
constexpr auto run_for = 3s;
constexpr std::size_t connections_max = 1000;  // fewer than a process may have descriptors
constexpr char message[] = {1, 0, 0, 0, '?'};

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

double ms_since(Clock::time_point then) {
  return std::chrono::duration<double, std::milli>(Clock::now() - then).count();
}

struct Connection {
  Clock::time_point due;     // of the message that it carries
  std::size_t received = 0;  // bytes of the answer
};

// One of each for a connection. An idle connection has no events.
std::vector<pollfd> descriptors;
std::vector<Connection> connections;
sockaddr_in server{};

void open_connection() {
  const int fd = check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket");
  const int on = 1;
  check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
  const int connected = connect(fd, reinterpret_cast<const sockaddr*>(&server), sizeof server);
  if (errno != EINPROGRESS) check(connected, "connect");
  descriptors.push_back({.fd = fd, .events = 0, .revents = 0});
  connections.emplace_back();
}

/// Gives the message to an idle connection, or to a new one. False if there are too many already.
bool give_to_a_connection(Clock::time_point due) {
  auto idle = std::ranges::find(descriptors, 0, &pollfd::events);
  if (idle == descriptors.end()) {
    if (connections.size() == connections_max) return false;
    open_connection();
    idle = descriptors.end() - 1;
  }
  idle->events = POLLOUT;
  connections[static_cast<std::size_t>(idle - descriptors.begin())].due = due;
  return true;
}

struct Latencies {
  std::vector<double> sent_late_ms;
  std::vector<double> from_due_ms;
};

/// Sends this connection's message, or receives some of the answer. True when the answer is whole.
bool advance(pollfd& descriptor, Connection& connection, Latencies& found) {
  if (descriptor.events == POLLOUT) {  // it's connected, or has failed to
    check(static_cast<int>(send(descriptor.fd, message, sizeof message, MSG_NOSIGNAL)), "send");
    found.sent_late_ms.push_back(ms_since(connection.due));
    descriptor.events = POLLIN;
    return false;
  }
  char answer[sizeof message];
  const auto got = recv(descriptor.fd, answer, sizeof answer - connection.received, 0);
  if (got == 0) errno = ECONNRESET;  // the server has closed the connection
  connection.received +=
      static_cast<std::size_t>(check(got > 0 ? static_cast<int>(got) : -1, "recv"));
  if (connection.received < sizeof answer) return false;
  found.from_due_ms.push_back(ms_since(connection.due));
  connection.received = 0;
  descriptor.events = 0;  // idle
  return true;
}

/// Waits until this time, or until the server has answered or taken something.
void wait_until(Clock::time_point due) {
  const auto left = std::max(due - Clock::now(), Clock::duration::zero());
  const timespec timeout{.tv_sec = left / 1s, .tv_nsec = (left % 1s).count()};
  check(ppoll(descriptors.data(), descriptors.size(), &timeout, nullptr), "ppoll");
}

Latencies ask(double per_second, Clock::duration how_long) {
  Latencies found;
  std::mt19937 dice;
  std::exponential_distribution<> gap_s(per_second);
  auto due = Clock::now();
  const auto end = due + how_long;
  int unanswered = 0;
  while (due < end || unanswered > 0) {
    bool given = true;
    while (due < end && due <= Clock::now() && (given = give_to_a_connection(due))) {
      ++unanswered;
      due += std::chrono::nanoseconds(std::llround(gap_s(dice) * 1e9));
    }
    wait_until(given && due < end ? due : Clock::time_point::max());
    for (std::size_t i = 0; i < descriptors.size(); ++i) {
      const bool ready = descriptors[i].events != 0 && descriptors[i].revents != 0;
      if (ready && advance(descriptors[i], connections[i], found)) --unanswered;
    }
  }
  return found;
}

double percentile(std::vector<double>& ms, std::size_t percent) {
  std::sort(ms.begin(), ms.end());
  return ms[std::min(ms.size() * percent / 100, ms.size() - 1)];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: 01-when-due PORT MESSAGES_A_SECOND...\n");
    return 1;
  }
  server.sin_family = AF_INET;
  server.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::printf(
      "a second  answers         p50         p99         max  sent late, p99  connections\n");
  for (int i = 2; i < argc; ++i) {
    const double per_second = std::max(std::atof(argv[i]), 1.0);
    (void)ask(per_second, warm_up);
    auto found = ask(per_second, run_for);
    auto& ms = found.from_due_ms;
    std::printf("%8s  %7zu  %7.2f ms  %7.2f ms  %7.2f ms  %11.2f ms  %11zu\n", argv[i], ms.size(),
                percentile(ms, 50), percentile(ms, 99), percentile(ms, 100),
                percentile(found.sent_late_ms, 99), connections.size());
  }
}
