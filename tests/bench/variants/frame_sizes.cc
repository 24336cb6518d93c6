// Linked into part 6, this sees every allocation of a coroutine's frame from the pool. The first
// time that a coroutine allocates one, we write a line to the file FRAME_SIZES: the number of
// bytes, and the place in the program, for addr2line(1) to find the coroutine.

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>

// The linker's --wrap gives these names: calls of uring::FramePool::allocate_slow come to
// `wrapped`, and the function itself is `real`. With --ring check-memory every frame goes that way.
void* real(std::size_t bytes) asm("__real__ZN5uring9FramePool13allocate_slowEm");
void* wrapped(std::size_t bytes) asm("__wrap__ZN5uring9FramePool13allocate_slowEm");

namespace {

void note(const void* caller, std::size_t bytes) {
  static std::mutex mutex;
  static std::set<const void*> known;
  const std::lock_guard lock(mutex);
  const char* const path = std::getenv("FRAME_SIZES");
  Dl_info program{};
  if (path == nullptr || !known.insert(caller).second || ::dladdr(caller, &program) == 0) return;
  const auto address = reinterpret_cast<std::uintptr_t>(caller) -
                       reinterpret_cast<std::uintptr_t>(program.dli_fbase) - 1;  // in the call
  if (std::FILE* const file = std::fopen(path, "a")) {
    fmt::print(file, "{} {:#x}\n", bytes, address);
    (void)std::fclose(file);
  }
}

}  // namespace

void* wrapped(std::size_t bytes) {
  note(__builtin_return_address(0), bytes);
  return real(bytes);
}
