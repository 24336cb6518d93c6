#include "uring/memory/frame_pool.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

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

#ifdef URING_HAS_ASAN
constexpr bool always_checks = true;
#else
constexpr bool always_checks = false;
#endif

}  // namespace

constinit thread_local FramePool::Blocks FramePool::blocks_{};
constinit std::atomic<bool> FramePool::checking_ = always_checks;

/// Frees a thread's blocks when it ends.
struct FramePool::ThreadEnd {
  ThreadEnd() { blocks_.free_bytes = 0; }
  ~ThreadEnd() {
    for (Blocks::Lists* const lists : {&blocks_.free, &blocks_.filled}) {
      for (std::size_t i = 0; i < lists->size(); ++i) {
        while ((*lists)[i] != nullptr) ::operator delete(pop((*lists)[i], (i + 1) * step_bytes));
      }
    }
  }
};

/// To be called before the thread's first block is made or kept.
void FramePool::free_at_end() { static thread_local const ThreadEnd at_end; }

/// Takes the first block of a list that isn't empty.
void* FramePool::pop(Free*& first, std::size_t bytes) {
  Free* const block = first;
  ASAN_UNPOISON_MEMORY_REGION(block, class_bytes(bytes));
  first = block->next;
  blocks_.free_bytes -= class_bytes(bytes);
  return block;
}

void* FramePool::allocate_slow(std::size_t bytes) {
  if (bytes > recycled_bytes_max) return ::operator new(bytes);
  free_at_end();
  Free*& first = blocks_.filled[class_of(bytes)];
  if (first == nullptr) {
    blocks_.owned_bytes += class_bytes(bytes);
    return ::operator new(class_bytes(bytes));
  }
  void* const block = pop(first, bytes);
  demand_pattern(static_cast<std::byte*>(block) + sizeof(Free), class_bytes(bytes) - sizeof(Free),
                 "a coroutine frame");
  return block;
}

void FramePool::release_slow(void* block, std::size_t bytes) noexcept {
  if (bytes > recycled_bytes_max) return ::operator delete(block);
  free_at_end();
  const bool check = checks_memory();
  Free*& first = (check ? blocks_.filled : blocks_.free)[class_of(bytes)];
  std::size_t used_bytes = blocks_.owned_bytes - blocks_.free_bytes - class_bytes(bytes);
  // Less than none are in use if frames that other threads made end here.
  if (static_cast<std::ptrdiff_t>(used_bytes) < 0) used_bytes = 0;
  const std::size_t kept_bytes_max = std::max(kept_bytes_min, used_bytes);
  if (blocks_.free_bytes > kept_bytes_max && first != nullptr) disown(pop(first, bytes), bytes);
  if (blocks_.free_bytes >= kept_bytes_max) return disown(block, bytes);
  blocks_.free_bytes += class_bytes(bytes);
  if (check) {
    fill_with_pattern(static_cast<std::byte*>(block) + sizeof(Free),
                      class_bytes(bytes) - sizeof(Free));
  }
  first = new (block) Free{.next = first};
  if (check) ASAN_POISON_MEMORY_REGION(block, class_bytes(bytes));
}

/// Frees the block.
void FramePool::disown(void* block, std::size_t bytes) {
  blocks_.owned_bytes -= class_bytes(bytes);
  ::operator delete(block);
}

void FramePool::check_memory() { checking_ = true; }

void fill_with_pattern(std::byte* begin, std::size_t bytes) {
  std::memset(begin, std::to_integer<int>(pattern), bytes);
}

void poison(std::byte* begin, std::size_t bytes) { ASAN_POISON_MEMORY_REGION(begin, bytes); }
void unpoison(std::byte* begin, std::size_t bytes) { ASAN_UNPOISON_MEMORY_REGION(begin, bytes); }

void demand_pattern(const std::byte* begin, std::size_t bytes, const char* what) {
  const auto is_pattern = [](std::byte byte) { return byte == pattern; };
  if (std::all_of(begin, begin + bytes, is_pattern)) return;
  std::fprintf(stderr, "uring: %s was written to after it was freed\n", what);
  std::abort();
}

}  // namespace uring
