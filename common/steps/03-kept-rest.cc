// A decoder that gets it right: what is not a whole message yet is kept until more bytes arrive.
// With an argument it is put to the test: three messages, cut in every way there is.
// Try it: (printf '\5\0\0\0he'; sleep 1; printf 'llo') | ./03-kept-rest   and ./03-kept-rest cuts

#include <err.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using Messages = std::vector<std::string>;

// The length in the first four bytes, lowest byte first.
std::uint32_t length_in(std::string_view bytes) {
  std::uint32_t length = 0;
  for (const unsigned i : {3U, 2U, 1U, 0U}) {
    length = length << 8 | static_cast<unsigned char>(bytes[i]);
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

// The messages that are complete after one more read.
Messages receive(std::string_view read, std::string& kept) {
  kept += read;
  Messages messages;
  while (const auto message = take_message(kept)) messages.push_back(*message);
  return messages;
}

// The messages found in the stream if it is cut after byte i wherever bit i of `cuts` is set.
Messages found(std::string_view stream, std::uint32_t cuts) {
  std::string kept;
  Messages messages;
  std::size_t begin = 0;
  for (std::size_t end = 1; end <= stream.size(); ++end) {
    const bool cut_here = end == stream.size() || (cuts >> (end - 1) & 1) == 1;
    if (!cut_here) continue;
    for (auto& message : receive(stream.substr(begin, end - begin), kept)) {
      messages.push_back(message);
    }
    begin = end;
  }
  return messages;
}

int main(int argc, char**) {
  if (argc > 1) {
    const std::string stream("\2\0\0\0hi\0\0\0\0\3\0\0\0you", 17);
    const std::uint32_t ways = 1 << 16;
    std::uint32_t right = 0;
    for (std::uint32_t cuts = 0; cuts < ways; ++cuts) {
      if (found(stream, cuts) == Messages{"hi", "", "you"}) ++right;
    }
    std::printf("right in %u of %u ways to cut it\n", right, ways);
    return 0;
  }

  std::string kept;
  std::array<char, 65536> buffer;
  while (const ssize_t n = read(STDIN_FILENO, buffer.data(), buffer.size())) {
    if (n < 0) err(1, "read");
    std::printf("read %zd:", n);
    for (const auto& message : receive({buffer.data(), static_cast<std::size_t>(n)}, kept)) {
      std::printf(" \"%s\"", message.c_str());
    }
    std::printf(", kept %zu\n", kept.size());
  }
}
