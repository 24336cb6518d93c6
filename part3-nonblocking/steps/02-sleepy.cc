// Sleeping between tries: a short sleep wastes processor time on failed tries, a long one keeps the
// client waiting. A blocking call does neither.
// Try it: ./02-sleepy   Then let it sleep 0.1 ms.

#include <err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <thread>

using namespace std::chrono_literals;
using Milliseconds = std::chrono::duration<double, std::milli>;

// Answers until the client closes. Sleeps between tries; with a sleep of 0, recv blocks instead.
void serve(int fd, Milliseconds sleep) {
  int in_vain = 0;
  char byte;
  ssize_t n;
  while ((n = recv(fd, &byte, 1, sleep > 0ms ? MSG_DONTWAIT : 0)) != 0) {
    if (n > 0) {
      if (send(fd, &byte, 1, MSG_NOSIGNAL) < 0) err(1, "send");
    } else {
      if (errno != EAGAIN) err(1, "recv");
      ++in_vain;
      std::this_thread::sleep_for(sleep);
    }
  }
  timespec used;
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) < 0) err(1, "clock_gettime");
  const long used_us = used.tv_sec * 1'000'000 + used.tv_nsec / 1000;
  std::printf("%5d tries in vain, %5ld us of processor time\n", in_vain, used_us);
  close(fd);
}

void run(const char* what, Milliseconds sleep) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) err(1, "socketpair");
  std::jthread server(serve, pair[1], sleep);
  Milliseconds waited = 0ms;
  for (int i = 0; i < 4; ++i) {
    std::this_thread::sleep_for(25ms);  // the client thinks
    const auto asked = std::chrono::steady_clock::now();
    char byte = '?';
    if (send(pair[0], &byte, 1, MSG_NOSIGNAL) < 0) err(1, "send");
    if (recv(pair[0], &byte, 1, 0) < 0) err(1, "recv");
    waited += std::chrono::steady_clock::now() - asked;
  }
  std::printf("%-13s answer after %5.2f ms,", what, waited.count() / 4);
  close(pair[0]);
}

int main() {
  run("sleep 1 ms:", 1ms);
  run("sleep 10 ms:", 10ms);
  run("sleep 100 ms:", 100ms);
  run("blocking:", 0ms);
}
