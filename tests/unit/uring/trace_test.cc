// tests/protocol checks everything else about a trace.
#include "uring/trace.h"

#include <sys/mman.h>

#include <string>
#include <utility>

#include "fixture.h"

namespace {

using namespace tests;

TEST(UringTrace, SaysWhyAFileCannotBeWritten) {
  EXPECT_THAT(uring::Trace::create("/no/such/directory/trace"),
              tests::FailedWith(std::errc::no_such_file_or_directory));
}

Task<> start_own(Loop& loop, const char* what, auto prepare) {
  (void)co_await loop.start(uring::Request<void, decltype(prepare)>(what, std::move(prepare)));
}

Task<> do_each_without_a_descriptor(Loop& loop) {
  std::byte byte{};
  (void)co_await loop.socket(AF_UNIX, SOCK_STREAM, 0);
  (void)co_await loop.provide_buffers(&byte, 1, 1, 1, 0);
  (void)co_await loop.remove_buffers(1, 1);
  co_await start_own(loop, "getxattr", [](io_uring_sqe& entry) {
    io_uring_prep_getxattr(&entry, "user.none", nullptr, "/", 0);
  });
  co_await start_own(loop, "setxattr", [](io_uring_sqe& entry) {
    io_uring_prep_setxattr(&entry, "none", nullptr, "/", 0, 0);  // no namespace: EOPNOTSUPP
  });
}

// An entry's `fd` may also be a domain, a number of buffers, or a 0 that nobody wrote.
TEST(UringTrace, NamesNoDescriptorWhereThereIsNone) {
  const common::Fd file(::memfd_create("trace", MFD_CLOEXEC));
  const auto name = "/proc/self/fd/" + std::to_string(file.get());
  {
    const auto loop = make_loop();
    loop->set_trace(std::move(*uring::Trace::create(name.c_str())));
    loop->run(do_each_without_a_descriptor(*loop));
  }
  std::string text(64 * 1024, '\0');
  text.resize(static_cast<std::size_t>(::pread(file.get(), text.data(), text.size(), 0)));
  EXPECT_THAT(text, ::testing::HasSubstr("\"setxattr\""));
  EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("\"fd\":"))) << text;
}

}  // namespace
