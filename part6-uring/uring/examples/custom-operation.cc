// An operation that the library does not have: getxattr(2).
// Try it: touch /tmp/f; setfattr -n user.colour -v green /tmp/f; ./custom-operation /tmp/f

#include <cstdio>

#include "uring/loop.h"

// [operation]
class GetAttribute {
 public:
  using Value = std::string_view;  // what a success yields
  static constexpr const char* what = "getxattr";

  GetAttribute(const char* path, const char* name) : path_(path), name_(name) {}

  void prepare(io_uring_sqe& entry) {
    io_uring_prep_getxattr(&entry, name_, text_.data(), path_, static_cast<unsigned>(text_.size()));
  }
  uring::Result<Value> decode(int result, std::uint32_t /*flags*/) const {
    return Value(text_.data(), static_cast<std::size_t>(result));
  }

 private:
  const char* path_;
  const char* name_;
  std::array<char, 256> text_;  // the kernel writes here: it lives until the operation's end
};

uring::Task<> print_colour(uring::Loop& loop, const char* path) {
  auto attribute = loop.start(GetAttribute(path, "user.colour")).within(std::chrono::seconds(1));
  const auto colour = co_await attribute;
  if (colour) {
    std::printf("%.*s\n", static_cast<int>(colour->size()), colour->data());
  } else {
    std::printf("%s\n", colour.error().message().c_str());
  }
}
// [/operation]

int main(int argc, char** argv) {
  if (argc != 2) {
    std::puts("usage: custom-operation FILE");
    return 2;
  }
  const auto loop = uring::Loop::create({});
  if (!loop) {
    std::puts(uring::explain(loop.error()).c_str());
    return 1;
  }
  (*loop)->run(print_colour(**loop, argv[1]));
}
