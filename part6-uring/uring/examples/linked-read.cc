// Opens a file, reads its first line and closes it: three requests, and one system call for them.
// Try it: ./linked-read FILE

#include <array>
#include <cstdio>
#include <string>

#include "uring/extra/link.h"
#include "uring/loop.h"

/// The file has no number yet when it is to be read. So it gets a slot of our own choice.
uring::Task<uring::Result<std::string>> first_line(uring::Loop& loop, const char* path) {
  constexpr int slot = 0;
  const auto file = uring::Descriptor::direct(slot);
  std::array<std::byte, 256> buffer;
  const auto results = co_await uring::link(
      loop.open_in_slot(slot, loop.working_dir(), path, O_RDONLY),
      loop.read(file, buffer).whatever_happens(),  // a read that falls short breaks a link
      loop.close_slot(slot));
  const auto& [opened, got, closed] = results;
  if (!opened) co_return std::unexpected(opened.error());
  if (!got) co_return std::unexpected(got.error());
  const std::string text(reinterpret_cast<const char*>(buffer.data()), *got);
  co_return text.substr(0, text.find('\n'));
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::puts("usage: linked-read FILE");
    return 2;
  }
  const auto loop = uring::Loop::create({});
  if (!loop) {
    std::puts(uring::why_no_ring(loop.error()).c_str());
    return 1;
  }
  if (const auto slots = (*loop)->register_files(1, 1); !slots) {
    std::printf("%s\n", slots.error().message().c_str());
    return 1;
  }
  const auto line = (*loop)->run(first_line(**loop, argv[1]));
  if (!line) {
    std::printf("%s\n", line.error().message().c_str());
    return 1;
  }
  std::printf("%s\nrequests: %u, system calls: %u\n", line->c_str(), (*loop)->ring().submitted(),
              static_cast<unsigned>((*loop)->ring().enter_calls()));
}
