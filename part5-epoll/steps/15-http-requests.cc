// Cuts standard input into HTTP requests, in whatever pieces it arrives, and prints each request
// line. BROKEN: the field's name counts only with its capitals, and a head that announces two
// lengths is not refused.
// Try it: printf 'GET / HTTP/1.1\r\n\r\n' | ./15-http-requests

#include <err.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

std::size_t announced_length(const std::string& head) {
  constexpr std::string_view field = "\r\nContent-Length:";
  const std::size_t at = head.find(field);
  return at == head.npos ? 0 : std::strtoul(head.c_str() + at + field.size(), nullptr, 10);
}

// [reader]
struct RequestReader {
  enum { in_head, in_body, at_end } where = in_head;
  std::string head;           // as much of it as has arrived
  std::size_t body_left = 0;  // how much of it has not

  // Uses no more than belongs to this request, and returns how many bytes that was.
  std::size_t take_some(std::string_view received) {
    std::size_t used = 0;
    if (where == in_head) {
      while (used < received.size() && !head.ends_with("\r\n\r\n")) head += received[used++];
      if (!head.ends_with("\r\n\r\n")) return used;  // and more is needed
      body_left = announced_length(head);
      where = in_body;
    }
    const std::size_t of_body = std::min(body_left, received.size() - used);
    body_left -= of_body;
    if (body_left == 0) where = at_end;
    return used + of_body;
  }
};
// [/reader]

int main() {
  char buffer[16384];
  // [main]
  RequestReader request;
  while (true) {
    const ssize_t n = read(STDIN_FILENO, buffer, sizeof buffer);
    if (n < 0) err(1, "read");
    if (n == 0) return 0;
    std::string_view left(buffer, static_cast<std::size_t>(n));
    std::printf("read %zd:", n);
    while (!left.empty()) {
      left.remove_prefix(request.take_some(left));
      if (request.where != RequestReader::at_end) continue;
      std::printf(" [%s]", request.head.substr(0, request.head.find('\r')).c_str());
      request = RequestReader();  // the next one begins with the next byte
    }
    std::printf("\n");
    std::fflush(stdout);
  }
  // [/main]
}
