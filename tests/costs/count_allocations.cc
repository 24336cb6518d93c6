// Counts the heap allocations of a program:
//   LD_PRELOAD=libcount_allocations.so ALLOCATIONS=FILE PROGRAM
// The count stands in the first eight bytes of FILE, where others can read it while the program
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

/// The count in the file, or nullptr where there is none. Allocates nothing.
Count* map_count() {
  const char* path = std::getenv("ALLOCATIONS");
  if (path == nullptr) return nullptr;
  const int file = ::open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return nullptr;
  void* memory = ::mmap(nullptr, sizeof(Count), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  (void)::close(file);
  return memory == MAP_FAILED ? nullptr : static_cast<Count*>(memory);
}

}  // namespace

/// malloc(3), which operator new calls as well.
extern "C" void* malloc(std::size_t size_bytes) {
  using Malloc = void* (*)(std::size_t);
  static const auto next = reinterpret_cast<Malloc>(::dlsym(RTLD_NEXT, "malloc"));
  static Count* const count = map_count();
  if (count != nullptr) count->fetch_add(1, std::memory_order_relaxed);
  return next(size_bytes);
}
