// Clients that ask, wait for the answer, and ask again. The server takes some time for each answer,
// one after the other. More clients get no more answers, they wait longer; and a slow server is
// asked less. The server's own speed decides how hard it is loaded.
// Try it: ./01-closed-loop

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <list>
#include <mutex>
#include <thread>

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

std::mutex one_at_a_time;

void serve(int client, Clock::duration work) {
  char byte;
  while (read(client, &byte, 1) == 1) {
    const std::scoped_lock lock(one_at_a_time);
    std::this_thread::sleep_for(work);  // in a real server a disk, or a computation
    (void)send(client, &byte, 1, MSG_NOSIGNAL);
  }
  close(client);
}

struct Waits {
  int answers = 0;
  Clock::duration waited{};
};

void ask(int server, Clock::time_point end, Waits& own) {
  char byte = '?';
  auto sent = Clock::now();
  while (sent < end) {
    if (send(server, &byte, 1, MSG_NOSIGNAL) != 1 || recv(server, &byte, 1, 0) != 1) break;
    own.waited += Clock::now() - sent;
    ++own.answers;
    sent = Clock::now();
  }
  close(server);
}

void measure(int clients, std::chrono::milliseconds work) {
  std::list<Waits> waits(static_cast<std::size_t>(clients));
  const auto begin = Clock::now();
  {
    std::list<std::jthread> threads;
    for (Waits& own : waits) {
      int ends[2];
      if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0) return std::perror("socketpair");
      threads.emplace_back(serve, ends[1], work);
      threads.emplace_back(ask, ends[0], begin + 500ms, std::ref(own));
    }
  }
  const std::chrono::duration<double> took = Clock::now() - begin;
  std::chrono::duration<double, std::milli> waited{};
  int answers = 0;
  for (const Waits& own : waits) {
    answers += own.answers;
    waited += own.waited;
  }
  std::printf("clients: %d, %d ms of work: %3.0f answers a second, latency %4.1f ms\n", clients,
              static_cast<int>(work.count()), answers / took.count(), waited.count() / answers);
}

}  // namespace

int main() {
  for (const int clients : {1, 2, 4, 8}) measure(clients, 2ms);
  measure(8, 4ms);
}
