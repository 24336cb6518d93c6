// Counts the heap allocations of a program:
//   LD_PRELOAD=libcount_allocations.so ALLOCATIONS=FILE PROGRAM
// The count is in the first eight bytes of FILE, where others can read it while the program
// runs.

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

using Count = std::atomic<std::uint64_t>;

/// Returns the count in the file, or nullptr if there is none. Allocates nothing.
Count* map_count() {
  const char* path = std::getenv("ALLOCATIONS");
  if (path == nullptr) return nullptr;
  const int file = ::open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return nullptr;
  void* memory = ::mmap(nullptr, sizeof(Count), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  (void)::close(file);
  return memory == MAP_FAILED ? nullptr : static_cast<Count*>(memory);
}

/// Counts one more allocation, and returns the C library's own function of that name.
template <typename Function>
Function* count_and_find(const char* name) {
  static Count* const count = map_count();
  if (count != nullptr) count->fetch_add(1, std::memory_order_relaxed);
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

// operator new calls these as well. We leave calloc(3) alone, because dlsym(3) itself may call it.

extern "C" void* malloc(std::size_t size_bytes) {
  return count_and_find<void*(std::size_t)>("malloc")(size_bytes);
}

extern "C" void* realloc(void* block, std::size_t size_bytes) {
  return count_and_find<void*(void*, std::size_t)>("realloc")(block, size_bytes);
}

extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size_bytes) {
  return count_and_find<void*(std::size_t, std::size_t)>("aligned_alloc")(alignment, size_bytes);
}
