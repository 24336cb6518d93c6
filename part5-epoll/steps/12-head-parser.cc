// A blank line ends the head of an HTTP request, and the bytes arrive in any slices. BROKEN: search
// the whole buffer after every read, which is work that grows with the square of the head. Fixed:
// go on where the last search stopped; four states are enough. What follows the blank line belongs
// to the next request.
// Try it: ./12-head-parser

#include <cstdio>
#include <string>
#include <string_view>

constexpr std::string_view blank_line = "\r\n\r\n";

struct Rescanning {
  std::string buffer;
  std::size_t heads = 0;
  std::size_t looked_at = 0;
  void take(std::string_view bytes) {
    buffer += bytes;
    while (true) {
      const std::size_t at = buffer.find(blank_line);
      if (at == buffer.npos) break;
      ++heads;
      looked_at += at + blank_line.size();
      buffer.erase(0, at + blank_line.size());
    }
    looked_at += buffer.size();
  }
};

struct Resuming {
  std::size_t matched = 0;  // how many bytes of a blank line came last: 0 to 3
  std::size_t heads = 0;
  std::size_t looked_at = 0;
  void take(std::string_view bytes) {
    for (const char byte : bytes) {
      ++looked_at;
      if (byte == blank_line[matched]) {
        ++matched;
      } else {
        matched = byte == '\r' ? 1 : 0;
      }
      if (matched == blank_line.size()) {
        ++heads;
        matched = 0;
      }
    }
  }
};

void feed(std::string_view stream, std::size_t bytes_at_a_time) {
  Rescanning rescanning;
  Resuming resuming;
  for (std::size_t at = 0; at < stream.size(); at += bytes_at_a_time) {
    rescanning.take(stream.substr(at, bytes_at_a_time));
    resuming.take(stream.substr(at, bytes_at_a_time));
  }
  std::printf("%5zu %7zu %15zu %10zu %15zu %10zu\n", stream.size(), bytes_at_a_time,
              rescanning.heads, rescanning.looked_at, resuming.heads, resuming.looked_at);
}

int main() {
  std::puts("bytes  a read   broken: heads  looked at    fixed: heads  looked at");
  std::string request = "GET / HTTP/1.1\r\nX: \r\n\r\n";
  request.insert(19, 1000 - request.size(), 'x');
  feed(request, 1000);
  feed(request, 1);
  feed(request + request, 2000);
  feed(request + request, 700);
  request.insert(19, 1000, 'x');
  feed(request, 1);
}
