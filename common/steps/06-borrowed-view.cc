// BROKEN on purpose: keeps a view of a message while the next read fills the same buffer.
// Try it: ./06-borrowed-view   Then keep a copy, const std::string kept(borrow(...)), and compare.

#include <err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string_view>

// Reads once. The view is good until the buffer is used again; the compiler lets you keep it.
std::string_view borrow(int fd, std::array<char, 64>& buffer) {
  const ssize_t n = read(fd, buffer.data(), buffer.size());
  if (n < 0) err(1, "read");
  return std::string_view(buffer.data(), static_cast<std::size_t>(n));
}

void print(const char* when, std::string_view text) {
  std::printf("%s: %.*s\n", when, static_cast<int>(text.size()), text.data());
}

int main() {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) err(1, "socketpair");
  std::array<char, 64> buffer;

  if (write(pair[1], "pay alice", 9) < 0) err(1, "write");
  const std::string_view kept = borrow(pair[0], buffer);
  print("first message, when it came   ", kept);

  if (write(pair[1], "bob sleeps", 10) < 0) err(1, "write");
  print("second message                ", borrow(pair[0], buffer));
  print("first message, after that read", kept);
  close(pair[0]);
  close(pair[1]);
}
