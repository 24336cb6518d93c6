// Two clients of a server that stops for a second. One asks, waits and asks again; while it waits
// it asks nothing, and has one bad number among thousands of good ones. The other has a schedule,
// falls behind, and catches up; counted from when it sent, it has one bad number, too. Only times
// counted from when each message was due show what a user would have seen. With a port as argument
// it asks a server there: stop that one for a second yourself.
// Try it: ./03-coordinated-omission

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

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

/// A connection to the server on this port of ours, or for 0 to a thread that stalls like one.
int connect_to(int port, Clock::time_point pause_at) {
  if (port == 0) {
    int ends[2];
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
    std::thread([=, client = ends[1]] {
      char message[5];
      while (recv(client, message, 5, MSG_WAITALL) == 5) {
        if (Clock::now() >= pause_at) std::this_thread::sleep_until(pause_at + 1s);
        (void)send(client, message, 5, MSG_NOSIGNAL);
      }
    }).detach();
    return ends[0];
  }
  const int client = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  check(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), "connect");
  return client;
}

struct Latencies {
  std::vector<double> from_sent_ms;
  std::vector<double> from_due_ms;
};

/// Sends a message every `interval`, or as soon as it can if it is late; 0 is always late.
Latencies ask(int server, Clock::duration interval) {
  Latencies found;
  const auto begin = Clock::now();
  for (auto due = begin; due < begin + 3s && Clock::now() < begin + 4s; due += interval) {
    if (interval == 0s) due = Clock::now();
    std::this_thread::sleep_until(due);
    const auto sent = Clock::now();
    char message[] = {1, 0, 0, 0, '?'};
    check(static_cast<int>(send(server, message, 5, MSG_NOSIGNAL)), "send");
    check(static_cast<int>(recv(server, message, 5, MSG_WAITALL)), "recv");
    found.from_sent_ms.push_back(ms_since(sent));
    found.from_due_ms.push_back(ms_since(due));
  }
  return found;
}

void print(const char* title, std::vector<double> ms) {
  std::sort(ms.begin(), ms.end());
  std::printf("%-21s %7zu  %7.2f ms  %7.2f ms  %7.2f ms\n", title, ms.size(), ms[ms.size() / 2],
              ms[ms.size() * 99 / 100], ms.back());
}

}  // namespace

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 0;
  const auto pause_at = Clock::now() + 1s;
  Latencies closed;
  std::jthread other([&, server = connect_to(port, pause_at)] { closed = ask(server, 0s); });
  const auto scheduled = ask(connect_to(port, pause_at), 5ms);
  other.join();
  std::printf("%-21s %7s  %10s  %10s  %10s\n", "", "answers", "p50", "p99", "max");
  print("ask, wait, ask again", closed.from_sent_ms);
  print("every 5 ms, from sent", scheduled.from_sent_ms);
  print("every 5 ms, from due", scheduled.from_due_ms);
}
