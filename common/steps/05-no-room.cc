// BROKEN on purpose, then repaired: three bytes of a length end exactly where the buffer ends. The
// next read has room for 0 bytes and returns 0, so a healthy client is taken for one that has
// closed.
// Try it: ./05-no-room   Then give the first message 11 bytes, and the defect hides.

#include <err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <string_view>

using namespace std::string_view_literals;

constexpr auto first = "\11\0\0\0nine char"sv;  // \11 is octal
constexpr auto second = "\3\0\0\0you"sv;

struct Buffer {
  std::array<char, 16> bytes;
  std::size_t begin = 0;  // of the bytes that are not yet part of a returned message
  std::size_t end = 0;    // of the bytes that were read

  std::size_t room() const { return bytes.size() - end; }
  void move_to_front() {
    std::memmove(bytes.data(), bytes.data() + begin, end - begin);
    end -= begin;
    begin = 0;
  }
};

void serve(bool repaired) {
  std::puts(repaired ? "repaired:" : "asking too little:");
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) err(1, "socketpair");
  if (write(pair[1], first.data(), first.size()) < 0) err(1, "write");
  if (write(pair[1], second.data(), second.size()) < 0) err(1, "write");

  Buffer buffer;
  for (int turn = 1; turn <= 2; ++turn) {
    // Naive: do the missing bytes fit after `begin`? Only the room after `end` counts.
    const std::size_t missing = 4 - (buffer.end - buffer.begin);
    const std::size_t naive_room = buffer.bytes.size() - buffer.begin;
    const bool full = repaired ? buffer.room() == 0 : naive_room < missing;
    if (full) buffer.move_to_front();
    const std::size_t asked = buffer.room();
    const ssize_t n = recv(pair[0], buffer.bytes.data() + buffer.end, asked, 0);
    if (n < 0) err(1, "recv");
    std::printf("  asked for %zu, got %zd%s\n", asked, n,
                n == 0 ? ": \"the peer has closed\"" : "");
    buffer.end += static_cast<std::size_t>(n);
    if (turn == 1) buffer.begin = first.size();  // that message has been handled
  }
  close(pair[0]);
  close(pair[1]);
}

int main() {
  serve(false);
  serve(true);
}
