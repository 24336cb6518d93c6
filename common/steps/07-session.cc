// A conversation without a socket: what is read goes into the session of the stages, and the bytes
// to send are printed as xxd does, with a dot for each that is not printable.
// Try it: (printf '\2\0\0\0h'; sleep 1; printf 'i\3\0\0\0you') | ./07-session

#include <err.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cstddef>
#include <cstdio>
#include <string>

#include "common/session.h"

std::string printable(common::ByteView bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    const int c = std::to_integer<int>(byte);
    text += std::isprint(c) != 0 ? static_cast<char>(c) : '.';
  }
  return text;
}

int main() {
  common::EchoSession session(65536);
  common::SendBuffer output;
  std::array<std::byte, 65536> buffer;
  while (true) {
    const ssize_t n = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n < 0) err(1, "read");
    if (n == 0) break;
    const auto completed =
        session.take(common::ByteView(buffer).first(static_cast<std::size_t>(n)), output);
    const std::string answers = printable(output.view());
    if (!completed) {
      std::printf("read %zd: %s, to send \"%s\"\n", n, completed.error().message().c_str(),
                  answers.c_str());
      return 0;  // nothing after it can be trusted
    }
    std::printf("read %zd: messages %zu, to send \"%s\"\n", n, *completed, answers.c_str());
    output.clear();
  }
  if (!session.end_of_stream()) std::puts("cut short");
}
