// Nagle's algorithm: the second of two small writes waits until the first is acknowledged.
// Try it: ./11-nagle

#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <string_view>
#include <thread>
#include <utility>

using namespace std::string_view_literals;
using std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

template <typename T>
T check(T result, const char* what) {
  if (result < 0) err(1, "%s", what);
  return result;
}

// Both ends of a TCP connection: the client's and the server's.
std::pair<int, int> connected_pair() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const auto name = reinterpret_cast<sockaddr*>(&address);
  const int listener = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  check(bind(listener, name, size), "bind");
  check(listen(listener, 1), "listen");
  check(getsockname(listener, name, &size), "getsockname");
  const int client = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  check(connect(client, name, size), "connect");
  const int server = check(accept(listener, nullptr, nullptr), "accept");
  close(listener);
  return {client, server};
}

void say(int fd, std::string_view words) { check(write(fd, words.data(), words.size()), "write"); }

// Answers "hi?" until the client leaves.
void answer(int server, bool two_writes) {
  char question[3];
  while (check(read(server, question, sizeof question), "read") > 0) {
    say(server, two_writes ? "\2\0\0\0"sv : "\2\0\0\0hi"sv);
    if (two_writes) say(server, "hi");
  }
  close(server);
}

void run(const char* title, bool two_writes, int nodelay) {
  const auto [client, server] = connected_pair();
  check(setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &nodelay, sizeof nodelay), "TCP_NODELAY");
  const std::jthread thread(answer, server, two_writes);

  std::array<Milliseconds, 41> waits;
  for (Milliseconds& wait : waits) {
    const auto asked = steady_clock::now();
    say(client, "hi?");
    char bytes[6];
    check(recv(client, bytes, sizeof bytes, MSG_WAITALL), "recv");
    wait = steady_clock::now() - asked;
  }
  close(client);
  std::ranges::nth_element(waits, waits.begin() + 20);
  std::printf("%-26s answer after %5.2f ms\n", title, waits[20].count());
}

int main() {
  run("two writes:", true, 0);
  run("two writes, TCP_NODELAY:", true, 1);
  run("one write:", false, 0);
}
