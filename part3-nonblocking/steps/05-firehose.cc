// BROKEN on purpose, then repaired: "read until EAGAIN" never ends with a client that sends as fast
// as the server reads, and no other client gets a turn. A budget for each turn is the repair.
// Try it: ./05-firehose

#include <err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <initializer_list>

constexpr int reads_max = 10'000;

struct Client {
  int theirs;
  int ours;
};

Client connect_client() {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0) err(1, "socketpair");
  return {pair[0], pair[1]};
}

void say(const Client& client) {
  if (send(client.theirs, "some bytes", 10, MSG_NOSIGNAL) < 0) err(1, "send");
}

bool read_once(const Client& client) {
  char buffer[4096];
  const ssize_t n = recv(client.ours, buffer, sizeof buffer, 0);
  if (n < 0 && errno != EAGAIN) err(1, "recv");
  return n > 0;
}

// Serves both in turn, with at most `budget` reads each. Returns the reads until the pinger's turn.
int reads_before_ping(const Client& firehose, const Client& pinger, int budget) {
  int reads = 0;
  while (true) {
    for (int i = 0; i < budget && read_once(firehose); ++i) {
      say(firehose);  // the next bytes arrive before the next read
      if (++reads == reads_max) return reads;
    }
    if (read_once(pinger)) return reads;
  }
}

int main() {
  const Client firehose = connect_client();
  const Client pinger = connect_client();
  say(firehose);
  say(pinger);
  std::printf("no budget: %5d reads, and the pinger still waits\n",
              reads_before_ping(firehose, pinger, INT_MAX));
  std::printf("budget 16: %5d reads, then it was the pinger's turn\n",
              reads_before_ping(firehose, pinger, 16));
  for (const int fd : {firehose.theirs, firehose.ours, pinger.theirs, pinger.ours}) close(fd);
}
