// Messages are sent when they are due, whether the last one was answered or not, as people come to
// a shop. The server takes 2 ms for each answer, so 500 a second is its limit. Below that an answer
// takes what it takes; above, every message finds a longer queue than the one before, and the
// latency depends on how long the measurement lasts.
// Try it: ./02-open-loop

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

void serve(int client) {
  char byte;
  while (read(client, &byte, 1) == 1) {
    std::this_thread::sleep_for(2ms);
    (void)send(client, &byte, 1, MSG_NOSIGNAL);
  }
  close(client);
}

void measure(int per_second, Clock::duration duration) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0) return std::perror("socketpair");
  const auto begin = Clock::now();
  const auto due = [&](std::size_t i) { return begin + i * Clock::duration(1s) / per_second; };
  const auto count = static_cast<std::size_t>(duration * per_second / 1s);

  const std::jthread server(serve, ends[1]);
  const std::jthread sender([&] {
    for (std::size_t i = 0; i < count; ++i) {
      std::this_thread::sleep_until(due(i));
      (void)send(ends[0], "?", 1, MSG_NOSIGNAL);
    }
  });
  std::vector<double> ms;
  char byte;
  while (ms.size() < count && read(ends[0], &byte, 1) == 1) {
    ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - due(ms.size())).count());
  }
  shutdown(ends[0], SHUT_RDWR);
  std::sort(ms.begin(), ms.end());
  std::printf("%5d a second for %.1f s: p50 %6.1f ms, p99 %6.1f ms\n", per_second,
              std::chrono::duration<double>(duration).count(), ms[count / 2], ms[count * 99 / 100]);
}

}  // namespace

int main() {
  for (const int per_second : {50, 100, 200}) measure(per_second, 1s);
  for (const auto duration : {500ms, 1000ms, 2000ms}) measure(1000, duration);
}
