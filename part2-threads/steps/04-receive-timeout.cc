// SO_RCVTIMEO limits one call, not one message: a client that sends a byte now and then never
// reaches it. To limit a whole message, give each call only what is left of the message's time.
// Try it: ./04-receive-timeout

#include <err.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <thread>

using namespace std::chrono_literals;
using std::chrono::duration_cast, std::chrono::microseconds, std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr int message_bytes = 36;
constexpr auto limit = 300ms;

enum class Limit { per_call, per_message };

void receive(const char* what, Limit kind, bool dribbling) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) err(1, "socketpair");
  const auto start = Clock::now();
  std::jthread client([&] {
    for (int i = 0; dribbling && i < message_bytes; ++i) {
      std::this_thread::sleep_for(10ms);
      if (send(pair[1], "x", 1, MSG_NOSIGNAL) < 0) return;  // the server has given up
    }
  });

  int received = 0;
  while (received < message_bytes) {
    auto left = duration_cast<microseconds>(limit);
    if (kind == Limit::per_message) left -= duration_cast<microseconds>(Clock::now() - start);
    if (left <= 0us) break;
    const timeval timeout{.tv_sec = 0, .tv_usec = left.count()};  // 0 would be: for ever
    if (setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) < 0) err(1, "set");
    char byte;
    const ssize_t n = recv(pair[0], &byte, 1, 0);
    if (n < 0 && errno != EAGAIN) err(1, "recv");
    if (n <= 0) break;
    ++received;
  }
  const long took_ms = duration_cast<milliseconds>(Clock::now() - start).count();
  std::printf("%-26s %2d of %d bytes in %ld ms\n", what, received, message_bytes, took_ms);
  close(pair[0]);
  client.join();
  close(pair[1]);
}

int main() {
  receive("silent, 300 ms a call:", Limit::per_call, false);
  receive("dribbling, 300 ms a call:", Limit::per_call, true);
  receive("dribbling, 300 ms in all:", Limit::per_message, true);
}
