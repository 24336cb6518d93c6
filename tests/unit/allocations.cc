// Replaces the allocation functions of the whole test program, and counts their calls.

#include "allocations.h"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

namespace tests {
namespace {

std::atomic<std::size_t> blocks_made = 0;
std::atomic<std::ptrdiff_t> bytes_now = 0;
std::atomic<std::ptrdiff_t> bytes_at_peak = 0;

void* count(void* block) {
  if (block == nullptr) return nullptr;
  ++blocks_made;
  const auto block_bytes = static_cast<std::ptrdiff_t>(::malloc_usable_size(block));
  const auto held = bytes_now += block_bytes;
  auto peak = bytes_at_peak.load();
  while (held > peak && !bytes_at_peak.compare_exchange_weak(peak, held)) {
  }
  return block;
}

void count_out(void* block) {
  bytes_now -= static_cast<std::ptrdiff_t>(::malloc_usable_size(block));  // 0 for a null pointer
}

}  // namespace

Allocations::Allocations() : made_before_(blocks_made), held_before_(bytes_now) {
  bytes_at_peak = held_before_;
}

std::size_t Allocations::made() const { return blocks_made - made_before_; }
std::ptrdiff_t Allocations::held_bytes() const { return bytes_now - held_before_; }
std::ptrdiff_t Allocations::peak_bytes() const { return bytes_at_peak - held_before_; }

}  // namespace tests

// With `--wrap=malloc`, the linker has malloc(3) call __wrap_malloc, and __real_malloc mean malloc.
// So a sanitizer's allocator stays the one that is used.
extern "C" {
void* __real_malloc(std::size_t size);
void* __real_realloc(void* block, std::size_t size);
void __real_free(void* block);

void* __wrap_malloc(std::size_t size) { return tests::count(__real_malloc(size)); }
void* __wrap_realloc(void* block, std::size_t size) {
  tests::count_out(block);
  return tests::count(__real_realloc(block, size));  // our tests don't run out of memory
}
void __wrap_free(void* block) {
  tests::count_out(block);
  __real_free(block);
}
}

// The array and nothrow forms call these. No test needs more alignment than malloc gives.
void* operator new(std::size_t size) {
  void* const block = std::malloc(std::max(size, std::size_t{1}));
  if (block == nullptr) std::abort();
  return block;
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
