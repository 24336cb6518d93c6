// The server on a page again, which hangs up differently: it ends its own side, reads and discards
// what the client still sends, for two seconds and no longer, and only then closes. Try it:
// ./09-three-moves 5882   and in a second terminal
//         printf '\2\0\0\0hi\377\377\377\377and more' | ncat 127.0.0.1 5882 | xxd

#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

int check(int result, const char* what) {
  if (result < 0) err(1, "%s", what);
  return result;
}

int listen_on(const char* port) {
  const int type = SOCK_STREAM;
  const int listener = check(socket(AF_INET, type, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::strtoul(port, nullptr, 10)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const auto name = reinterpret_cast<sockaddr*>(&address);
  const int on = 1;
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  check(setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
  check(bind(listener, name, size), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  check(getsockname(listener, name, &size), "getsockname");
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return listener;
}

// The length in the first four bytes, lowest byte first.
std::uint32_t length_in(std::string_view bytes) {
  std::uint32_t length = 0;
  for (const unsigned i : {3U, 2U, 1U, 0U}) {
    length = length << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return length;
}

constexpr std::size_t message_bytes_max = 4 + 65536;  // the header, too
milliseconds patience = 60s;  // with a client, for a message or for taking answers

Time patience_ends() { return Clock::now() + patience; }

// A receive or a send that sleeps for longer than this fails with EAGAIN.
void limit_calls(int client, int option, milliseconds limit) {
  const timeval value{.tv_sec = limit.count() / 1000, .tv_usec = limit.count() % 1000 * 1000};
  check(setsockopt(client, SOL_SOCKET, option, &value, sizeof value), "setsockopt");
}

// Like recv(2), but fails when the deadline has passed.
ssize_t receive_until(int client, std::span<char> room, Time deadline) {
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
    if (left <= 0ms) return -1;
    limit_calls(client, SO_RCVTIMEO, left);
    const ssize_t n = recv(client, room.data(), room.size(), 0);
    if (n >= 0 || errno != EINTR) return n;  // EINTR: we were suspended, say, and go on
  }
}

bool receive_all(int client, std::span<char> room, Time deadline) {
  while (!room.empty()) {
    const ssize_t n = receive_until(client, room, deadline);
    if (n <= 0) return false;
    room = room.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

bool send_all(int client, std::string_view rest) {
  while (!rest.empty()) {
    const ssize_t n = send(client, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) rest.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

// Returns when the client has finished sending, announces too much, is too slow, or is gone.
void serve(int client) {
  static char message[message_bytes_max];
  limit_calls(client, SO_SNDTIMEO, patience);
  while (true) {
    const Time deadline = patience_ends();
    if (!receive_all(client, {message, 4}, deadline)) return;
    const std::uint32_t size = length_in({message, 4});
    if (size > sizeof message - 4) return;
    if (!receive_all(client, {message + 4, size}, deadline)) return;
    if (!send_all(client, {message, 4 + size})) return;
  }
}

void hang_up(int client) {
  // First our end of the stream, after the last answer. It fails if the client is gone already.
  if (shutdown(client, SHUT_WR) == 0) {
    // Then discard the client's input, until it ends its side, or for two seconds.
    const Time give_up = Clock::now() + 2s;
    char discarded[4096];
    while (receive_until(client, discarded, give_up) > 0) {
    }
  }
  close(client);
}

int main(int argc, char** argv) {
  const int listener = listen_on(argc > 1 ? argv[1] : "0");
  if (argc > 2) patience = std::chrono::seconds(std::strtoul(argv[2], nullptr, 10));
  while (true) {
    const int client = check(accept(listener, nullptr, nullptr), "accept");
    serve(client);
    hang_up(client);
  }
}
