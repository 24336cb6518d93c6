// Sets an extended attribute of a file through the ring: ./e12_1 FILE NAME VALUE

#include <liburing.h>

#include <cstdint>
#include <cstdio>
#include <string_view>

#include "uring/loop.h"

namespace {

/// setxattr(2), as if the library didn't have that operation.
class SetAttribute {
 public:
  using Value = void;
  static constexpr const char* what = "setxattr";

  SetAttribute(const char* path, const char* name, std::string_view value)
      : path_(path), name_(name), value_(value) {}

  void prepare(io_uring_sqe& entry) {
    io_uring_prep_setxattr(&entry, name_, value_.data(), path_, 0,
                           static_cast<unsigned>(value_.size()));
  }
  uring::Status decode(int /*result*/, std::uint32_t /*flags*/) const { return {}; }

 private:
  const char* path_;  // these point into argv, which outlives the operation
  const char* name_;
  std::string_view value_;
};

uring::Task<uring::Status> set(uring::Loop& loop, const char* path, const char* name,
                               std::string_view value) {
  const auto done = co_await loop.start(SetAttribute(path, name, value));
  co_return done;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: e12_1 FILE NAME VALUE\n", stderr);
    return 2;
  }
  const auto loop = uring::Loop::create({});
  if (!loop) {
    std::puts(uring::why_no_ring(loop.error()).c_str());
    return 1;
  }
  const auto done = (*loop)->run(set(**loop, argv[1], argv[2], argv[3]));
  if (done) return 0;
  std::fprintf(stderr, "%s: %s\n", argv[1], done.error().message().c_str());
  return 1;
}
