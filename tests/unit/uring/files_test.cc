// Every operation on files and names, once.

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "fixture.h"

namespace {

using namespace tests;
using uring::Fd;

using Size = Result<std::size_t>;

/// An empty directory for each test.
class UringFiles : public tests::Uring {
 protected:
  UringFiles() {
    char path[] = "/tmp/uring_tests.XXXXXX";
    path_ = ::mkdtemp(path);
    dir = Fd(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  ~UringFiles() override { std::filesystem::remove_all(path_); }

  Task<Fd> make_file(const char* name, std::string_view content) {
    auto file = co_await loop.openat(dir, name, O_RDWR | O_CREAT, 0600);
    EXPECT_THAT(file, Succeeded());
    EXPECT_EQ(co_await loop.write(*file, bytes_of(content), 0), Size(content.size()));
    co_return std::move(*file);
  }

  std::string content_of(const std::string& name) const {
    std::ifstream file(path_ + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string path_;
  Fd dir;
};

CO_TEST_F(UringFiles, WritesAndReads) {
  const Fd file = co_await make_file("file", "hello, world");
  std::array<std::byte, 64> buffer;
  EXPECT_EQ(co_await loop.read(file, buffer, 7), Size(5u));
  EXPECT_EQ(text_of(std::span(buffer).first(5)), "world");
  // This reads at the file's position.
  EXPECT_EQ(co_await loop.read(file, std::span(buffer).first(5)), Size(5u));
  EXPECT_EQ(text_of(std::span(buffer).first(5)), "hello");
  EXPECT_EQ(co_await loop.read(file, buffer), Size(7u));
  EXPECT_EQ(co_await loop.read(file, buffer), Size(0u));
  EXPECT_THAT(co_await loop.fsync(file), Succeeded());
  EXPECT_THAT(co_await loop.fsync(file, IORING_FSYNC_DATASYNC), Succeeded());
}

CO_TEST_F(UringFiles, WritesAndReadsVectors) {
  const Fd file = co_await make_file("file", "");
  std::string first = "ab";
  std::string second = "cdef";
  const std::array<iovec, 2> out{iovec{first.data(), 2}, iovec{second.data(), 4}};
  EXPECT_EQ(co_await loop.writev(file, out, 0), Size(6u));
  const std::array<iovec, 2> in{iovec{second.data(), 4}, iovec{first.data(), 2}};
  EXPECT_EQ(co_await loop.readv(file, in, 0), Size(6u));
  EXPECT_EQ(second + first, "abcdef");
}

CO_TEST_F(UringFiles, UsesRegisteredBuffers) {
  const Fd file = co_await make_file("file", "");
  std::array<std::byte, 64> memory{};
  const iovec whole{memory.data(), memory.size()};
  EXPECT_THAT(loop.register_buffers(std::span(&whole, 1)), Succeeded());
  memory[0] = std::byte{'x'};
  EXPECT_EQ(co_await loop.write_fixed(file, std::span(memory).first(1), 0, 0), Size(1u));
  EXPECT_EQ(co_await loop.read_fixed(file, std::span(memory).subspan(8), 0, 0), Size(1u));
  EXPECT_EQ(memory[8], std::byte{'x'});
  std::array<std::byte, 4> outside;
  EXPECT_THAT(co_await loop.read_fixed(file, outside, 0, 0), FailedWith(std::errc::bad_address));
}

CO_TEST_F(UringFiles, Allocates) {
  const Fd file = co_await make_file("file", "");
  EXPECT_THAT(co_await loop.fallocate(file, 0, 0, 4096), Succeeded());
  EXPECT_EQ(std::filesystem::file_size(path_ + "/file"), 4096u);
}

CO_TEST_F(UringFiles, OpensBeneath) {
  (void)co_await make_file("file", "x");
  open_how how{};
  how.flags = O_RDONLY;
  how.resolve = RESOLVE_BENEATH;
  EXPECT_THAT(co_await loop.openat2(dir, "file", how), Succeeded());
  EXPECT_THAT(co_await loop.openat2(dir, "../file", how), FailedWith(std::errc::cross_device_link));
  EXPECT_THAT(co_await loop.openat(dir, "missing", O_RDONLY),
              FailedWith(std::errc::no_such_file_or_directory));
}

CO_TEST_F(UringFiles, Closes) {
  Fd file = co_await make_file("file", "");
  const int number = file.get();
  EXPECT_THAT(co_await loop.close(std::move(file)), Succeeded());
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
  // A close that is cancelled before it begins still closes, because its descriptor was given away.
  Fd another = co_await make_file("file", "");
  const int other_number = another.get();
  uring::Canceller canceller;
  canceller.cancel();
  EXPECT_THAT(co_await loop.close(std::move(another)).cancelled_by(canceller), Cancelled());
  EXPECT_EQ(::fcntl(other_number, F_GETFD), -1);
}

// Whether the cancel or the close comes first, the number is free afterwards.
CO_TEST_F(UringFiles, ClosesDescriptorsWhoseCloseIsCancelled) {
  std::vector<int> numbers;
  uring::Status closed;
  uring::Canceller never;
  uring::Canceller cancelled;
  uring::Scope scope(loop);
  for (int i = 0; i < 200; ++i) {
    numbers.push_back(::dup(dir.get()));
    auto& canceller = i % 2 == 0 ? never : cancelled;
    scope.spawn(keep_result(loop.close(Fd(numbers.back())).cancelled_by(canceller), closed));
  }
  cancelled.cancel();
  co_await scope.join();
  for (const int number : numbers) EXPECT_EQ(::fcntl(number, F_GETFD), -1) << number;
}

/// Returns true if the descriptor is still open, for others to close, after a submitted request got
/// this answer.
bool is_left_open(int answer, bool is_permitted) {
  const int number = ::dup(STDERR_FILENO);
  {
    uring::CloseRequest request(Fd(number), is_permitted);
    io_uring_sqe entry{};
    request.prepare(entry);
    EXPECT_EQ(request.translate(answer), answer);
  }
  return ::close(number) == 0;
}

// If a file server fails close(2) with EACCES or ECANCELED, the number is free already, and may be
// in use again, so closing it once more would close a stranger's file. But if the ring doesn't
// permit the request, nothing was closed.
TEST(CloseRequest, ClosesOnlyWhenTheKernelHasNotClosed) {
  for (const int answer : {-EACCES, -ECANCELED, -EIO, -EINTR, 0}) {
    EXPECT_TRUE(is_left_open(answer, true)) << "closed again after " << answer;
  }
  EXPECT_FALSE(is_left_open(-EACCES, false));
}

CO_TEST_F(UringFiles, TellsAboutFiles) {
  (void)co_await make_file("file", "123");
  struct statx about {};
  EXPECT_THAT(co_await loop.statx(dir, "file", 0, STATX_SIZE, about), Succeeded());
  EXPECT_EQ(about.stx_size, 3u);
}

CO_TEST_F(UringFiles, ChangesNames) {
  (void)co_await make_file("file", "content");
  EXPECT_THAT(co_await loop.renameat(dir, "file", dir, "renamed"), Succeeded());
  EXPECT_THAT(co_await loop.mkdirat(dir, "sub", 0700), Succeeded());
  EXPECT_THAT(co_await loop.symlinkat("../renamed", dir, "sub/soft"), Succeeded());
  EXPECT_THAT(co_await loop.linkat(dir, "renamed", dir, "sub/hard"), Succeeded());
  EXPECT_EQ(content_of("sub/soft"), "content");
  EXPECT_EQ(content_of("sub/hard"), "content");
  EXPECT_THAT(co_await loop.unlinkat(dir, "sub/soft"), Succeeded());
  EXPECT_THAT(co_await loop.unlinkat(dir, "sub/hard"), Succeeded());
  EXPECT_THAT(co_await loop.unlinkat(dir, "sub", AT_REMOVEDIR), Succeeded());
  EXPECT_FALSE(std::filesystem::exists(path_ + "/sub"));
}

CO_TEST_F(UringFiles, SplicesAndTees) {
  const Fd file = co_await make_file("file", "spliced");
  const Pipe pipe;
  const Pipe twin;
  EXPECT_EQ(co_await loop.splice(file, 0, pipe.in, -1, 100), Size(7u));
  EXPECT_EQ(co_await loop.tee(pipe.out, twin.in, 100), Size(7u));
  std::array<std::byte, 16> buffer;
  EXPECT_EQ(co_await loop.read(twin.out, buffer), Size(7u));
  EXPECT_EQ(co_await loop.read(pipe.out, buffer), Size(7u));
  EXPECT_EQ(text_of(std::span(buffer).first(7)), "spliced");
}

}  // namespace
