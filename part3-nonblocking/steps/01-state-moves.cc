// Where the local variables go. While recv blocks, the bytes received so far are safe in a local
// variable. A function that must not block has to return, so they must be kept somewhere else.
// Try it: ./01-state-moves

#include <err.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

// Blocking. Returns a line, or the rest at the end of the stream, however long that takes.
std::string read_line(int fd) {
  std::string line;
  ssize_t n;
  char c;
  while ((n = recv(fd, &c, 1, 0)) == 1 && c != '\n') line += c;
  if (n < 0) err(1, "recv");
  return line;
}

// Not blocking, with the same loop. Two variables that must survive have become members.
struct LineReader {
  int fd;
  std::string line;
  // The line, as from read_line, or nullopt if it is not complete yet.
  std::optional<std::string> go_on() {
    ssize_t n;
    char c;
    while ((n = recv(fd, &c, 1, MSG_DONTWAIT)) == 1 && c != '\n') line += c;
    if (n >= 0) return std::exchange(line, "");
    if (errno != EAGAIN) err(1, "recv");
    return std::nullopt;
  }
};

int main() {
  int a[2];
  int b[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, a) < 0) err(1, "socketpair");
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, b) < 0) err(1, "socketpair");
  if (send(a[1], "alice\n", 6, MSG_NOSIGNAL) < 0) err(1, "send");
  std::printf("read_line: returns \"%s\"\n", read_line(a[0]).c_str());

  LineReader readers[] = {{a[0], ""}, {b[0], ""}};
  const std::pair<int, std::string> pieces[] = {
      {a[1], "al"}, {b[1], "b"}, {a[1], "ice\n"}, {b[1], "ob\n"}};
  for (const auto& [fd, piece] : pieces) {
    if (send(fd, piece.data(), piece.size(), MSG_NOSIGNAL) < 0) err(1, "send");
    std::printf("go_on:  ");
    for (LineReader& reader : readers) {
      const auto line = reader.go_on();
      const std::string text = line ? *line : reader.line;
      std::printf("  %7s %7s", line ? "returns" : "keeps", ('"' + text + '"').c_str());
    }
    std::puts("");
  }
}
