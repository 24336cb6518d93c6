#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <new>

namespace uring {

/// Where coroutine frames come from: per thread, lists of blocks that were used before, so that
/// neither an operation nor a connection allocates once the pool is warm. After a peak the pool
/// keeps no more than is in use, and a megabyte.
///
/// Recycling hides what a sanitizer looks for: a frame used after its end is valid memory, only
/// another's. So with checks on, a returned block is filled with a pattern, which is looked
/// at before it is used again: a coroutine or a kernel that wrote there late ends the process with
/// a message. Under AddressSanitizer, whose checks the kernel's writes pass by, checks are on and
/// the block is poisoned as well.
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

  /// For blocks that are returned from now on, on every thread. Slow: for tests.
  static void check_memory();
  static bool checks_memory() { return checking_.load(std::memory_order_relaxed); }

 private:
  /// Lies in the first bytes of a block that waits for its next use.
  struct Free {
    Free* next;
  };

  static constexpr std::size_t step_bytes = 32;
  static constexpr std::size_t recycled_bytes_max = 4096;  ///< Larger frames are the heap's.

  /// Free blocks are kept up to the bytes now in use, but at least this many. Without the first
  /// bound, a server would keep for good what its busiest minute has needed.
  static constexpr std::size_t kept_bytes_min = 1 << 20;

  /// A thread's. Without a destructor, so that each use of it need not ask whether it is there.
  struct Blocks {
    using Lists = std::array<Free*, recycled_bytes_max / step_bytes>;
    Lists free;
    Lists filled;  ///< Free as well, with the pattern in them: only allocate_slow() takes these.
    std::size_t free_bytes;
    std::size_t owned_bytes;  ///< Free or in use.
  };
  struct ThreadEnd;

  static std::size_t class_of(std::size_t bytes) { return (bytes - 1) / step_bytes; }
  static std::size_t class_bytes(std::size_t bytes) { return (class_of(bytes) + 1) * step_bytes; }

  static void* allocate_slow(std::size_t bytes);
  static void release_slow(void* block, std::size_t bytes) noexcept;
  static void* pop(Free*& first, std::size_t bytes);
  static void disown(void* block, std::size_t bytes);

  static constinit thread_local Blocks blocks_;
  static constinit std::atomic<bool> checking_;
};

/// The same for memory that is lent and returned otherwise: fills it so that a late reader finds
/// rubbish.
void fill_with_pattern(std::byte* begin, std::size_t bytes);

/// Ends the process, with a message, if something was written there since it was filled.
void demand_pattern(const std::byte* begin, std::size_t bytes, const char* what);

/// Under AddressSanitizer, makes any access to it an error, and permits it again. Else nothing.
void poison(std::byte* begin, std::size_t bytes);
void unpoison(std::byte* begin, std::size_t bytes);

}  // namespace uring
