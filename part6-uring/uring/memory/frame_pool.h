#pragma once

#include <cstddef>

namespace uring {

/// Where coroutine frames come from: per thread, lists of blocks that were used before, so that
/// neither an operation nor a connection allocates once the pool is warm. Of what a peak has needed
/// it keeps no more than is in use, and a megabyte.
///
/// Recycling hides what a sanitizer looks for: a frame used after its end is valid memory, only
/// another's. So with checks on, a returned block is filled with a pattern, which is looked
/// at before it is used again: a coroutine or a kernel that wrote there late ends the process with
/// a message. Under AddressSanitizer, whose checks the kernel's writes pass by, checks are on and
/// the block is poisoned as well.
class FramePool {
 public:
  static void* allocate(std::size_t bytes);
  static void release(void* block, std::size_t bytes) noexcept;

  /// For blocks that are returned from now on, on every thread. Slow: for tests.
  static void check_memory(bool on);
  static bool checks_memory();
};

/// Lets a container of the standard library have its memory from there.
template <typename T>
struct FrameAllocator {
  using value_type = T;
  T* allocate(std::size_t count) { return static_cast<T*>(FramePool::allocate(count * sizeof(T))); }
  void deallocate(T* items, std::size_t count) { FramePool::release(items, count * sizeof(T)); }
  bool operator==(const FrameAllocator&) const = default;
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
