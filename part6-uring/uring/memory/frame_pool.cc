#include "uring/memory/frame_pool.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#define URING_HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define URING_HAS_ASAN 1
#endif
#endif

#ifdef URING_HAS_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(begin, bytes) ((void)(begin), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(begin, bytes) ((void)(begin), (void)(bytes))
#endif

namespace uring {
namespace {

constexpr std::byte pattern{0xDB};
constexpr std::size_t step_bytes = 32;
constexpr std::size_t recycled_bytes_max = 4096;  // larger frames are the heap's

/// Of the blocks that wait for their next use no more is kept than of those in use, but always this
/// much. Or a server would keep for good what its busiest minute has needed.
constexpr std::size_t kept_bytes_min = 1 << 20;

constexpr std::size_t classes = recycled_bytes_max / step_bytes;

#ifdef URING_HAS_ASAN
std::atomic<bool> checking = true;
#else
std::atomic<bool> checking = false;
#endif

/// Lies in the first bytes of a block that waits for its next use.
struct Free {
  Free* next;
  bool filled;
};

struct Pool {
  std::array<Free*, classes> free{};
  std::size_t free_bytes = 0;
  std::size_t used_bytes = 0;

  ~Pool() {
    for (Free*& block : free) {  // empty afterwards: later frames of the thread are the heap's
      while (block != nullptr) {
        ASAN_UNPOISON_MEMORY_REGION(block, sizeof(Free));
        ::operator delete(std::exchange(block, block->next));
      }
    }
  }
};

thread_local Pool pool;

std::size_t class_of(std::size_t bytes) { return (bytes - 1) / step_bytes; }
std::size_t class_bytes(std::size_t number) { return (number + 1) * step_bytes; }

/// A block of this size, if one waits for its next use.
void drop_one(Pool& mine, std::size_t number) {
  Free* const block = mine.free[number];
  if (block == nullptr) return;
  ASAN_UNPOISON_MEMORY_REGION(block, class_bytes(number));
  mine.free[number] = block->next;
  mine.free_bytes -= class_bytes(number);
  ::operator delete(block);
}

}  // namespace

void* FramePool::allocate(std::size_t bytes) {
  if (bytes > recycled_bytes_max) return ::operator new(bytes);
  Pool& mine = pool;  // it is looked for once
  const std::size_t number = class_of(bytes);
  mine.used_bytes += class_bytes(number);
  Free* block = mine.free[number];
  if (block == nullptr) return ::operator new(class_bytes(number));
  ASAN_UNPOISON_MEMORY_REGION(block, class_bytes(number));
  mine.free[number] = block->next;
  mine.free_bytes -= class_bytes(number);
  if (block->filled) {
    demand_pattern(reinterpret_cast<std::byte*>(block) + sizeof(Free),
                   class_bytes(number) - sizeof(Free), "a coroutine frame");
  }
  return block;
}

void FramePool::release(void* block, std::size_t bytes) noexcept {
  if (bytes > recycled_bytes_max) return ::operator delete(block);
  Pool& mine = pool;
  const std::size_t number = class_of(bytes);
  mine.used_bytes -= class_bytes(number);
  const std::size_t kept_bytes_max = std::max(kept_bytes_min, mine.used_bytes);
  if (mine.free_bytes > kept_bytes_max) drop_one(mine, number);
  if (mine.free_bytes >= kept_bytes_max) return ::operator delete(block);
  mine.free_bytes += class_bytes(number);
  const bool check = checks_memory();
  if (check) {
    fill_with_pattern(static_cast<std::byte*>(block) + sizeof(Free),
                      class_bytes(number) - sizeof(Free));
  }
  mine.free[number] = new (block) Free{.next = mine.free[number], .filled = check};
  if (check) ASAN_POISON_MEMORY_REGION(block, class_bytes(number));
}

void FramePool::check_memory(bool on) { checking = on; }
bool FramePool::checks_memory() { return checking.load(std::memory_order_relaxed); }

void fill_with_pattern(std::byte* begin, std::size_t bytes) {
  std::memset(begin, std::to_integer<int>(pattern), bytes);
}

void poison(std::byte* begin, std::size_t bytes) { ASAN_POISON_MEMORY_REGION(begin, bytes); }
void unpoison(std::byte* begin, std::size_t bytes) { ASAN_UNPOISON_MEMORY_REGION(begin, bytes); }

void demand_pattern(const std::byte* begin, std::size_t bytes, const char* what) {
  const auto is_pattern = [](std::byte byte) { return byte == pattern; };
  if (std::all_of(begin, begin + bytes, is_pattern)) return;
  std::fprintf(stderr, "uring: %s was written to after its end\n", what);
  std::abort();
}

}  // namespace uring
