// BROKEN on purpose, with its repair: length + 4 in 32 bits wraps around for the four largest
// lengths, and the four bytes of a header look like a complete message of 4 GiB.
// Try it: ./04-length-wraps   Then make `have` larger and see which lengths fool the first check.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <initializer_list>

constexpr std::uint32_t header_bytes = 4;

// Wrong: the sum is taken modulo 2^32.
bool complete_adding(std::uint32_t length, std::uint32_t have) {
  return have >= length + header_bytes;
}

// Right: nothing is added to a number that a peer chose; what we subtract from is our own count.
bool complete_comparing(std::uint32_t length, std::uint32_t have) {
  return have >= header_bytes && have - header_bytes >= length;
}

int main() {
  const std::uint32_t have = 4;  // the header is here, but not one byte of payload
  std::printf("%u bytes received\n", have);
  std::printf("%10s  %10s  %-10s  %s\n", "length", "length + 4", "adding", "comparing");
  for (const std::uint32_t length : {0U, 1U, 0xFFFFFFFBU, 0xFFFFFFFCU, 0xFFFFFFFFU}) {
    std::printf("%10u  %10u  %-10s  %s\n", length, length + header_bytes,
                complete_adding(length, have) ? "complete" : "wait",
                complete_comparing(length, have) ? "complete" : "wait");
  }
}
