// A signal with a handler makes a blocked read fail with EINTR. SA_RESTART restarts most calls, but
// not a call on a socket that has a timeout. signal(7)
// Try it: ./10-interrupted

#include <err.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <thread>

std::atomic<int> signals = 0;

void wait_in_read(const char* what, int handler_flags, int timeout_s) {
  struct sigaction action {};
  action.sa_handler = [](int) { ++signals; };
  action.sa_flags = handler_flags;
  if (sigaction(SIGUSR1, &action, nullptr) < 0) err(1, "sigaction");
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) err(1, "socketpair");
  const timeval limit{.tv_sec = timeout_s, .tv_usec = 0};  // 0: for ever
  if (setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0) err(1, "SO_RCVTIMEO");

  signals = 0;
  std::atomic<bool> returned = false;
  std::jthread sender([&, reader = pthread_self()] {
    for (int sent = 0; sent < 1000 && signals < 20 && !returned; ++sent) {
      pthread_kill(reader, SIGUSR1);
      usleep(1000);
    }
    if (write(pair[1], "hello", 5) < 0) err(1, "write");  // after 20 signals, something to read
  });
  char buffer[16];
  const ssize_t n = read(pair[0], buffer, sizeof buffer);
  const int error = errno;
  returned = true;
  sender.join();
  std::printf("%-24s %s\n", what, n < 0 ? std::strerror(error) : "read on: hello");
  close(pair[0]);
  close(pair[1]);
}

int main() {
  wait_in_read("plain handler:", 0, 0);
  wait_in_read("SA_RESTART:", SA_RESTART, 0);
  wait_in_read("SA_RESTART, timeout:", SA_RESTART, 60);
}
