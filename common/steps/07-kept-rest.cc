// A decoder that gets it right: what is not a whole message yet is kept until more bytes arrive. It
// copies every message, and knows no limit.
// Try it: (printf '\5\0\0\0he'; sleep 1; printf 'llo') | ./07-kept-rest

#include <err.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

// The length in the first four bytes, lowest byte first.
std::uint32_t length_in(const std::string& bytes) {
  std::uint32_t length = 0;
  for (int i = 3; i >= 0; --i) {
    length = length << 8 | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
  }
  return length;
}

// Takes the first message off `kept`; none, if it is not complete.
std::optional<std::string> take_message(std::string& kept) {
  if (kept.size() < 4) return std::nullopt;
  const std::size_t length = length_in(kept);
  if (kept.size() - 4 < length) return std::nullopt;
  std::string payload = kept.substr(4, length);
  kept.erase(0, 4 + length);
  return payload;
}

int main() {
  std::string kept;
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t n = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n < 0) err(1, "read");
    if (n == 0) return 0;
    kept.append(buffer.data(), static_cast<std::size_t>(n));
    std::printf("read %zd:", n);
    while (const auto message = take_message(kept)) std::printf(" \"%s\"", message->c_str());
    std::printf(", kept %zu\n", kept.size());
  }
}
