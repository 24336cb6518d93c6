#include <fcntl.h>
#include <liburing.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <thread>
#include <tuple>

#include "fixture.h"
#include "uring/buffers.h"
#include "uring/extra/link.h"
#include "uring/ring.h"
#include "uring/ring_options.h"

namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace tests;
using uring::Ring;
using uring::Setup;

TEST(RingSetup, ReadsTheList) {
  EXPECT_EQ(Setup::parse("")->entries, uring::Setup().entries);
  const auto setup = Setup::parse("entries=4,buffers=2,sqpoll");
  ASSERT_TRUE(setup);
  EXPECT_EQ(setup->entries, 4u);
  EXPECT_EQ(setup->buffers, 2u);
  EXPECT_TRUE(setup->sqpoll);
  EXPECT_FALSE(Setup::parse("entries=4")->sqpoll);
}

TEST(RingSetup, RefusesWhatItDoesNotKnow) {
  for (const char* wrong : {"entries", "entries=", "entries=3", "entries=4x", "buffers=3", "none",
                            "entries=4,", ",", "no-multishot", "4"}) {
    EXPECT_THAT(Setup::parse(wrong), FailedWith(std::errc::invalid_argument)) << wrong;
  }
}

/// Answers the system call with that errno, as a container's seccomp filter does.
void forbid_io_uring_setup(unsigned error) {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{.len = 4, .filter = program};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) std::_Exit(2);
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) std::_Exit(2);
}

std::string release() {
  utsname system{};
  if (::uname(&system) != 0) std::abort();
  return system.release;
}

[[noreturn]] void create_and_explain(const Setup& setup = {}) {
  const auto loop = uring::Loop::create(setup);
  if (loop) std::_Exit(0);
  std::fprintf(stderr, "%s\n", uring::why_no_ring(loop.error()).c_str());
  std::_Exit(1);
}

struct Refusal {
  unsigned error;
  const char* ring;
  std::string explanation;
};

TEST(RingSetupDeathTest, SaysWhyThereIsNoRing) {
  const std::string newer = " is needed, and this is Linux " + release();
  const Refusal refusals[] = {
      {EPERM, "", "seccomp filter forbids it: permit io_uring_setup"},
      {EPERM, "", "SystemCallFilter="},
      {ENOSYS, "", "Linux 6.1 or newer with io_uring" + newer},
      // A flag that a kernel does not know is EINVAL: so answers one that is older than 6.1.
      {EINVAL, "", "Linux 6.1 or newer" + newer},
      {EINVAL, "sqpoll", "Linux 6.1 or newer" + newer}};
  for (const Refusal& refusal : refusals) {
    EXPECT_EXIT(
        {
          forbid_io_uring_setup(refusal.error);
          create_and_explain(*Setup::parse(refusal.ring));
        },
        ::testing::ExitedWithCode(1), HasSubstr(refusal.explanation));
  }
}

TEST(RingSetup, NumbersOutOfBoundsAreNoFaultOfTheKernel) {
  for (const std::uint32_t entries : {0u, 1u, 3u, 32'769u}) {
    uring::Setup setup;
    setup.entries = entries;
    EXPECT_THAT(Ring::create(setup), FailedWith(std::errc::invalid_argument));
  }
}

// What a time limit ends needs room for two entries that go in together, and a link for its own.
TEST(RingSetup, TheLeastThatIsAcceptedServes) {
  uring::Setup least;
  least.entries = 4;
  least.buffers = 1;
  least.buffer_bytes = 1;
  least.spin = std::chrono::nanoseconds(-1);
  const auto loop = std::move(*uring::Loop::create(least));
  const auto body = [](uring::Loop& l) -> uring::Task<> {
    using namespace std::chrono_literals;
    const auto made = uring::Buffers::create(l, l.setup().buffers, l.setup().buffer_bytes);
    EXPECT_TRUE(made);
    const auto ends = tests::unix_connection();
    EXPECT_TRUE(co_await l.send(ends.client, tests::bytes_of("hi")));
    for (const char* const expected : {"h", "i"}) {
      const auto lease = co_await l.start(uring::RecvLease(ends.server, **made));
      EXPECT_EQ(tests::text_of(lease->bytes()), expected);
    }
    // A worker of the kernel's has it: the question is asked again, after a pause.
    const Pipe from;
    const Pipe to;
    EXPECT_THAT(co_await l.splice(from.out, -1, to.in, -1, 10).within(10ms), TimedOut());
    const auto done = co_await uring::link(l.nop(), l.nop(), l.nop(), l.nop());
    EXPECT_TRUE(std::get<3>(done));
  };
  loop->run(body(*loop));
}

TEST(RingSetup, BuffersHaveBoundsThatTheListHasToo) {
  const auto largest = std::to_string(Setup::buffer_bytes_max);
  const auto too_large = std::to_string(Setup::buffer_bytes_max + 1);
  EXPECT_EQ(Setup::parse("buffer-bytes=" + largest)->buffer_bytes, Setup::buffer_bytes_max);
  EXPECT_THAT(Setup::parse("buffer-bytes=" + too_large), FailedWith(std::errc::invalid_argument));
  const auto loop = tests::make_loop();
  EXPECT_THAT(uring::Buffers::create(*loop, 1, Setup::buffer_bytes_max), Succeeded());
  for (const std::uint32_t count : {0u, 3u, 65'536u}) {
    EXPECT_THAT(uring::Buffers::create(*loop, count, 64), FailedWith(std::errc::invalid_argument))
        << count;
  }
  // The kernel has 32 bits for the size: this one is 0 there, and where std::size_t has no more.
  const auto four_gibibytes = static_cast<std::size_t>(std::uint64_t{1} << 32);
  for (const std::size_t bytes : {std::size_t{0}, Setup::buffer_bytes_max + 1, four_gibibytes,
                                  std::numeric_limits<std::size_t>::max()}) {
    EXPECT_THAT(uring::Buffers::create(*loop, 1, bytes), FailedWith(std::errc::invalid_argument))
        << bytes;
  }
}

[[noreturn]] void create_without_locked_memory() {
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  (void)::setrlimit(RLIMIT_MEMLOCK, &none);
  if (::setuid(65534) != 0) std::_Exit(2);
  create_and_explain();
}

/// In a child, whose rights do not come back.
bool is_ring_counted_as_locked_memory() {
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(STDERR_FILENO);  // that it complains is what we want to know, not what it says
    create_without_locked_memory();
  }
  int status = 0;
  return ::waitpid(child, &status, 0) == child && status != 0;
}

TEST(RingSetupDeathTest, SaysThatTheLimitOfLockedMemoryIsTooLow) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root, to become a user whose memory is counted";
  if (!is_ring_counted_as_locked_memory()) GTEST_SKIP() << "this kernel does not count a ring";
  EXPECT_EXIT(create_without_locked_memory(), ::testing::ExitedWithCode(1),
              "limit of 0 KiB of locked memory is too low: raise it");
}

TEST(RingSetup, ExplainsEveryErrorInOneLine) {
  for (const int error : {ENOSYS, EPERM, EACCES, ENOMEM, EMFILE, EINVAL}) {
    const auto line = uring::why_no_ring({error, std::system_category()});
    EXPECT_THAT(line, AllOf(HasSubstr("io_uring cannot be used: "), Not(HasSubstr("\n"))));
  }
}

TEST(UringError, TimedOutAndCancelledAreDifferent) {
  const std::error_code cancelled = uring::Error::cancelled;
  const std::error_code timed_out = uring::Error::timed_out;
  const std::error_code too_old = uring::Error::kernel_too_old;
  EXPECT_NE(cancelled, timed_out);
  EXPECT_EQ(cancelled, std::errc::operation_canceled);
  EXPECT_EQ(timed_out, std::errc::timed_out);
  EXPECT_EQ(too_old, std::errc::function_not_supported);
  EXPECT_EQ(cancelled.message(), "cancelled");
  EXPECT_EQ(timed_out.message(), "timed out");
  EXPECT_EQ(too_old.message(), "the kernel is too old");
}

}  // namespace
