// An operation that the library does not have: to append durably, as pwritev2(2) can.
// Try it: ./custom-operation /tmp/journal one two && cat /tmp/journal

#include <fcntl.h>

#include <cstdio>
#include <string>

#include "uring/loop.h"

class AppendLine {
 public:
  using Value = std::size_t;  // the result of a success
  static constexpr const char* what = "append";

  AppendLine(const uring::Fd& file, std::string line) : file_(file), line_(std::move(line)) {
    line_ += '\n';
  }

  void prepare(io_uring_sqe& entry) {
    const auto bytes = static_cast<unsigned>(line_.size());
    io_uring_prep_write(&entry, file_.number(), line_.data(), bytes, 0);
    entry.rw_flags = RWF_APPEND | RWF_DSYNC;
  }
  uring::Result<Value> decode(int result, std::uint32_t /*flags*/) const {
    return static_cast<std::size_t>(result);
  }

 private:
  uring::Descriptor file_;
  std::string line_;  // the kernel reads here until the operation's end
};

uring::Task<uring::Status> append(uring::Loop& loop, const uring::Fd& file, const char* line) {
  const auto appended = co_await loop.start(AppendLine(file, line)).within(std::chrono::seconds(1));
  if (!appended) co_return std::unexpected(appended.error());
  co_return uring::Status();
}

int main(int argc, char** argv) {
  if (argc < 2) {
    std::puts("usage: custom-operation FILE LINE...");
    return 2;
  }
  const auto loop = uring::Loop::create({});
  if (!loop) {
    std::puts(uring::why_no_ring(loop.error()).c_str());
    return 1;
  }
  const uring::Fd file(::open(argv[1], O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
  if (!file) {
    std::perror(argv[1]);
    return 1;
  }
  for (int i = 2; i < argc; ++i) {
    const auto appended = (*loop)->run(append(**loop, file, argv[i]));
    if (appended) continue;
    std::puts(appended.error().message().c_str());
    return 1;
  }
}
