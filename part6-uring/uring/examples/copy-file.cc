// Copies a file.
// Try it: ./copy-file FROM TO

#include <cstdio>
#include <vector>

#include "uring/loop.h"

uring::Task<uring::Status> copy(uring::Loop& loop, const char* from, const char* to) {
  const auto source = co_await loop.openat(loop.working_dir(), from, O_RDONLY);
  if (!source) co_return std::unexpected(source.error());
  const auto target =
      co_await loop.openat(loop.working_dir(), to, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (!target) co_return std::unexpected(target.error());

  std::vector<std::byte> buffer(64 * 1024);
  std::uint64_t offset = 0;
  while (true) {
    const auto got = co_await loop.read(*source, buffer, offset);
    if (!got) co_return std::unexpected(got.error());
    if (*got == 0) co_return co_await loop.fsync(*target);
    std::size_t written = 0;
    while (written < *got) {  // a write may fall short
      const auto rest = std::span(buffer).first(*got).subspan(written);
      const auto count = co_await loop.write(*target, rest, offset + written);
      if (!count) co_return std::unexpected(count.error());
      written += *count;
    }
    offset += *got;
  }
}

int main(int argc, char** argv) {
  if (argc != 3) {
    std::puts("usage: copy-file FROM TO");
    return 2;
  }
  const auto loop = uring::Loop::create({});
  if (!loop) {
    std::puts(uring::explain(loop.error()).c_str());
    return 1;
  }
  const auto copied = (*loop)->run(copy(**loop, argv[1], argv[2]));
  if (copied) return 0;
  std::printf("%s\n", copied.error().message().c_str());
  return 1;
}
