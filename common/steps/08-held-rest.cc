// 03-kept-rest with the decoder of the stages in place of its own, and with the memory that it owns
// after each read: none between messages, and never more than twice what has arrived of one.
// Try it: (printf '\5\0\0\0he'; sleep 1; printf 'llo') | ./08-held-rest

#include <err.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "common/frame_reader.h"

std::size_t allocated = 0;  // bytes that were allocated with new, and not given back

void* operator new(std::size_t size) {
  constexpr std::size_t before = alignof(std::max_align_t);  // room to remember the size
  void* const block = std::malloc(before + size);
  if (block == nullptr) throw std::bad_alloc();
  *static_cast<std::size_t*>(block) = size;
  allocated += size;
  return static_cast<std::byte*>(block) + before;
}

void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  void* const block = static_cast<std::byte*>(memory) - alignof(std::max_align_t);
  allocated -= *static_cast<std::size_t*>(block);
  std::free(block);
}

void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

int main() {
  common::FrameReader reader(65536);
  std::array<std::byte, 65536> buffer;
  const std::size_t before = allocated;
  while (true) {
    const ssize_t n = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n < 0) err(1, "read");
    if (n == 0) break;
    reader.feed(common::ByteView(buffer).first(static_cast<std::size_t>(n)));
    std::printf("read %zd:", n);
    while (true) {
      const auto next = reader.next();
      if (!next) errx(1, "%s", next.error().message().c_str());
      if (!next->has_value()) break;
      const common::ByteView payload = **next;
      std::printf(" \"%.*s\"", static_cast<int>(payload.size()),
                  reinterpret_cast<const char*>(payload.data()));
    }
    std::printf(", holds %zu\n", allocated - before);
  }
  if (!reader.finish()) std::puts("cut short");
}
