#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <new>

namespace uring {

/// Allocates coroutine frames from each thread's lists of used blocks, so that neither an operation
/// nor a connection uses the heap once the pool is warm. After a peak the pool keeps at most as
/// much as is in use, or a megabyte.
///
/// Recycling hides the late use of a frame from a sanitizer, because the memory is valid, only
/// another's. So with checks on, we fill a returned block with a pattern, and check that before the
/// next use. If a coroutine or the kernel wrote there late, the process ends with a message. Under
/// AddressSanitizer, which doesn't see the kernel's writes, checks are on and the block is poisoned
/// as well.
class FramePool {
 public:
  static void* allocate(std::size_t bytes) {
    if (bytes > recycled_bytes_max) return allocate_slow(bytes);
    Blocks& mine = blocks_;
    Free*& first = mine.free[class_of(bytes)];
    if (first == nullptr) return allocate_slow(bytes);
    mine.free_bytes -= class_bytes(bytes);
    Free* const block = first;
    first = block->next;
    return block;
  }
  static void release(void* block, std::size_t bytes) noexcept {
    Blocks& mine = blocks_;
    if (bytes > recycled_bytes_max || checks_memory() || mine.free_bytes >= kept_bytes_min) {
      return release_slow(block, bytes);
    }
    mine.free_bytes += class_bytes(bytes);
    Free*& first = mine.free[class_of(bytes)];
    first = new (block) Free{.next = first};
  }

  /// Turns checks on for blocks that are returned from now on, on every thread. Slow, so for tests.
  static void check_memory();
  static bool checks_memory() { return checking_.load(std::memory_order_relaxed); }

 private:
  /// Lies in the first bytes of a block that waits for its next use.
  struct Free {
    Free* next;
  };

  static constexpr std::size_t step_bytes = 32;
  static constexpr std::size_t recycled_bytes_max = 4096;  ///< Larger frames come from the heap.

  /// We keep free blocks up to the bytes now in use, but at least this many. Without the first
  /// bound, a server would keep the memory of its busiest minute forever.
  static constexpr std::size_t kept_bytes_min = 1 << 20;

  /// A thread's blocks. Without a destructor, so that no use needs a check for construction.
  struct Blocks {
    using Lists = std::array<Free*, recycled_bytes_max / step_bytes>;
    Lists free{};
    Lists filled{};  ///< Also free, and filled with the pattern; only allocate_slow() takes these.
    std::size_t free_bytes = kept_bytes_min;  ///< So a thread's first release is slow, too.
    std::size_t owned_bytes = 0;              ///< Free or in use, of those that this thread made.
  };
  struct ThreadEnd;

  static std::size_t class_of(std::size_t bytes) { return (bytes - 1) / step_bytes; }
  static std::size_t class_bytes(std::size_t bytes) { return (class_of(bytes) + 1) * step_bytes; }

  static void* allocate_slow(std::size_t bytes);
  static void release_slow(void* block, std::size_t bytes) noexcept;
  static void free_at_end();
  static void* pop(Free*& first, std::size_t bytes);
  static void disown(void* block, std::size_t bytes);

  static constinit thread_local Blocks blocks_;
  static constinit std::atomic<bool> checking_;
};

/// Fills memory with the pattern, so that a late reader finds rubbish.
void fill_with_pattern(std::byte* begin, std::size_t bytes);

/// Ends the process with a message if anything was written there since fill_with_pattern().
void demand_pattern(const std::byte* begin, std::size_t bytes, const char* what);

/// Under AddressSanitizer, make any access an error, and permit it again. Otherwise do nothing.
void poison(std::byte* begin, std::size_t bytes);
void unpoison(std::byte* begin, std::size_t bytes);

}  // namespace uring
