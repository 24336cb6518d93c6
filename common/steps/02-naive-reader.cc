// BROKEN on purpose: takes the result of one read for one message (4 bytes of length, then a
// payload).
// Try it: printf '\5\0\0\0hello' | ./02-naive-reader
//         printf '\5\0\0\0hello\3\0\0\0you' | ./02-naive-reader
//         (printf '\5\0\0\0he'; sleep 1; printf 'llo') | ./02-naive-reader

#include <err.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>

int main() {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::array<unsigned char, 65536> buffer;
  while (true) {
    const ssize_t n = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n < 0) err(1, "read");
    if (n == 0) return 0;

    const auto got = static_cast<std::size_t>(n);
    if (got < 4) {
      std::printf("read %zu: not even a length\n", got);
      continue;
    }
    std::uint32_t length = 0;  // little-endian
    for (int i = 3; i >= 0; --i) length = length << 8 | buffer[static_cast<std::size_t>(i)];
    const std::size_t have = got - 4;
    if (have < length) {
      std::printf("read %zu: length %u, but %zu came: message spoiled\n", got, length, have);
    } else if (have > length) {
      std::printf("read %zu: length %u, but %zu came: %zu thrown away\n", got, length, have,
                  have - length);
    } else {
      std::printf("read %zu: length %u, %zu came: a message\n", got, length, have);
    }
  }
}
