// BROKEN on purpose: one thread closes a descriptor that another still uses. The next connection
// gets the number, and the second thread reads another client's bytes. Two semaphores make it
// happen every time; without them it happens once a month.
// Try it: ./03-number-comes-back

#include <err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <semaphore>
#include <thread>

struct Connection {
  int ours;
  int clients;
};

Connection connection() {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) err(1, "socketpair");
  return {pair[0], pair[1]};
}

void say(int fd, const char (&text)[6]) {
  if (write(fd, text, 5) < 0) err(1, "write");
}

int main() {
  const Connection alice = connection();
  std::binary_semaphore read_one(0);
  std::binary_semaphore number_reused(0);
  std::jthread alices_thread([&, fd = alice.ours] {
    char buffer[16];
    ssize_t n = read(fd, buffer, sizeof buffer);
    std::printf("alice's thread reads: %.*s\n", static_cast<int>(n), buffer);
    read_one.release();
    number_reused.acquire();  // here the scheduler takes its processor away
    n = read(fd, buffer, sizeof buffer);
    std::printf("alice's thread reads: %.*s\n", static_cast<int>(n), buffer);
  });

  say(alice.clients, "alice");
  read_one.acquire();
  close(alice.ours);  // say, because her time is up
  const Connection bob = connection();
  std::printf("bob's descriptor has %s number\n", bob.ours == alice.ours ? "the same" : "another");
  say(bob.clients, "bob's");
  number_reused.release();
  alices_thread.join();
  for (const int fd : {alice.clients, bob.ours, bob.clients}) close(fd);
}
