// Rings that may do little, and requests with other people's rights.

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <memory>
#include <thread>

#include "fixture.h"

namespace {

using namespace tests;

// EBADFD, which std::errc lacks
const std::error_code not_in_that_state(EBADFD, std::system_category());

constexpr std::array<int, 2> poll_only{IORING_OP_POLL_ADD, IORING_OP_TIMEOUT};

/// A loop that is disabled at first, so nothing in it may be awaited before enable().
class UringRestricted : public Uring {
 protected:
  UringRestricted() : Uring(make_disabled()) {}

  static std::unique_ptr<Loop> make_disabled() {
    auto setup = ring_setup();
    setup.disabled = true;
    return make_loop(setup);
  }
};

/// Opens a file, then waits. Yields the error of the open.
Task<std::error_code> open_and_wait(Loop& loop) {
  const auto file = co_await loop.openat(loop.working_dir(), "/dev/null", O_RDONLY);
  EXPECT_THAT(co_await loop.sleep(1ms), Succeeded());
  co_return file ? std::error_code() : file.error();
}

TEST_F(UringRestricted, DoesNothingBeforeItIsEnabled) {
  if (!loop.ring().sqpoll()) {  // otherwise a kernel thread waits for enable(), too
    io_uring_prep_nop(&loop.ring().next_entry());
    EXPECT_THAT(loop.ring().submit(), FailedWith(not_in_that_state));
  }
}

TEST_F(UringRestricted, EnabledItDoesEverything) {
  ASSERT_THAT(loop.ring().enable(), Succeeded());
  EXPECT_EQ(loop.run(open_and_wait(loop)), std::error_code());
}

TEST_F(UringRestricted, DoesPermittedOperationsAndNothingElse) {
  ASSERT_THAT(loop.ring().permit_only(poll_only), Succeeded());
  ASSERT_THAT(loop.ring().enable(), Succeeded());
  EXPECT_EQ(loop.run(open_and_wait(loop)), std::errc::permission_denied);
}

CO_TEST_F(UringRestricted, TimeoutsAndCancellingGoWithoutSaying) {
  EXPECT_THAT(loop.ring().permit_only(poll_only), Succeeded());
  EXPECT_THAT(loop.ring().enable(), Succeeded());
  const auto ends = unix_connection();
  EXPECT_THAT(co_await loop.poll(ends.server, POLLIN).within(1ms), TimedOut());
  uring::Deadline deadline(loop, Clock::now() + 1ms);
  EXPECT_THAT(co_await loop.poll(ends.server, POLLIN).until(deadline), TimedOut());
}

TEST_F(UringRestricted, RegistersNothingAnyMore) {
  ASSERT_THAT(loop.ring().permit_only(poll_only), Succeeded());
  EXPECT_THAT(loop.ring().register_credentials(), Succeeded());
  ASSERT_THAT(loop.ring().enable(), Succeeded());
  EXPECT_THAT(loop.ring().register_credentials(), FailedWith(std::errc::permission_denied));
  EXPECT_THAT(loop.ring().permit_only(poll_only), FailedWith(std::errc::permission_denied));
}

TEST_F(UringRestricted, LeavesOutOperationsThatTheKernelDoesNotKnow) {
  constexpr std::array<int, 2> some{IORING_OP_NOP, 250};
  ASSERT_THAT(loop.ring().permit_only(some), Succeeded());
  EXPECT_THAT(loop.ring().permit_only(some), FailedWith(std::errc::device_or_resource_busy));
}

/// A file that only its owner may read.
class UringCredentials : public UringRestricted {
 protected:
  static constexpr uid_t owner = 12'345;

  void SetUp() override {
    if (::getuid() != 0) GTEST_SKIP() << "needs root, to have somebody else's rights";
    std::string name = "/tmp/credentials-XXXXXX";
    ASSERT_GE(common::Fd(::mkstemp(name.data())).get(), 0);
    path = name;
    ASSERT_EQ(::chown(path.c_str(), owner, owner), 0);
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  }
  void TearDown() override {
    if (!path.empty()) std::filesystem::remove(path);
  }

  /// Registers the user's rights in a thread of its own. The calls are raw, because those of the C
  /// library change all threads.
  std::uint16_t register_user(uid_t user) {
    Result<std::uint16_t> number;
    std::thread([&] {
      (void)::syscall(SYS_setresgid, user, user, user);
      (void)::syscall(SYS_setresuid, user, user, user);
      number = loop.ring().register_credentials();
    }).join();
    EXPECT_THAT(number, Succeeded());
    return number.value_or(0);
  }

  std::string path;
};

CO_TEST_F(UringCredentials, DecideWhichFilesARequestMayOpen) {
  const std::uint16_t owners = register_user(owner);
  const std::uint16_t others = register_user(owner + 1);
  EXPECT_THAT(loop.ring().enable(), Succeeded());
  const auto dir = loop.working_dir();
  EXPECT_THAT(co_await loop.openat(dir, path.c_str(), O_RDONLY), Succeeded());
  EXPECT_THAT(co_await loop.openat(dir, path.c_str(), O_RDONLY).as(owners), Succeeded());
  EXPECT_THAT(co_await loop.openat(dir, path.c_str(), O_RDONLY).as(others),
              FailedWith(std::errc::permission_denied));
  EXPECT_THAT(co_await loop.openat(dir, path.c_str(), O_RDONLY).as(owners).async(), Succeeded());
  EXPECT_THAT(co_await loop.openat(dir, path.c_str(), O_RDONLY).async().as(others),
              FailedWith(std::errc::permission_denied));
  EXPECT_THAT(co_await loop.openat(dir, path.c_str(), O_RDONLY).as(others).within(1s),
              FailedWith(std::errc::permission_denied));
}

CO_TEST_F(UringCredentials, ANumberThatNobodyHasIsRefused) {
  EXPECT_THAT(loop.ring().enable(), Succeeded());
  EXPECT_THAT(co_await loop.openat(loop.working_dir(), path.c_str(), O_RDONLY).as(7),
              FailedWith(std::errc::invalid_argument));
}

TEST_F(UringCredentials, ThereAreAsManyNumbersAsSixteenBitsHave) {
  for (int i = 1; i < 65'536; ++i) ASSERT_THAT(loop.ring().register_credentials(), Succeeded());
  EXPECT_THAT(loop.ring().register_credentials(), FailedWith(std::errc::device_or_resource_busy));
}

}  // namespace
