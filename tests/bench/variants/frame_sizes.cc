// Linked into part 6, it sees every coroutine's frame on its way through the pool. The first time
// that a coroutine asks for one, a line goes to the file that FRAME_SIZES names: how many bytes it
// asks for, and where in the program, for addr2line(1) to say whose frame that is.

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
