// Direct descriptors, provided buffers, futexes, processes: every operation once.

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>

#include "fixture.h"
#include "uring/extra/mailbox.h"
#include "uring/extra/streams.h"

namespace {

using namespace std::chrono_literals;
using tests::bytes_of;
using tests::FailedWith;
using tests::Succeeded;
using tests::text_of;
using tests::unix_connection;
using tests::Uring;
using uring::Descriptor;
using uring::DirectFd;
using uring::Error;
using uring::Fd;
using uring::Loop;
using uring::Result;
using uring::Scope;
using uring::Status;
using uring::Task;

class UringDirect : public Uring {
 protected:
  void SetUp() override { ASSERT_THAT(loop.register_files(4, 1), Succeeded()); }
};

TEST_F(UringDirect, OpensReadsAndCloses) {
  run([this]() -> Task<> {
    auto file = co_await loop.open_direct(loop.working_dir(), "/proc/self/comm", O_RDONLY);
    EXPECT_THAT(file, Succeeded());
    std::array<std::byte, 32> buffer;
    EXPECT_THAT(co_await loop.read(*file, buffer), Succeeded());
    EXPECT_EQ(text_of(std::span(buffer).first(5)), "uring");
    EXPECT_THAT(co_await loop.close(std::move(*file)), Succeeded());
  });
}

TEST_F(UringDirect, SlotsComeBack) {
  run([this]() -> Task<> {
    for (int i = 0; i < 10; ++i) {
      const auto file = co_await loop.open_direct(loop.working_dir(), "/dev/null", O_RDONLY);
      EXPECT_THAT(file, Succeeded());
    }
    std::vector<DirectFd> kept;
    for (int i = 0; i < 3; ++i) {
      auto file = co_await loop.open_direct(loop.working_dir(), "/dev/null", O_RDONLY);
      EXPECT_THAT(file, Succeeded());
      kept.push_back(std::move(*file));
    }
    EXPECT_THAT(co_await loop.open_direct(loop.working_dir(), "/dev/null", O_RDONLY),
                FailedWith(std::errc::too_many_files_open_in_system));
  });
}

TEST_F(UringDirect, SocketsAndAccepts) {
  run([this]() -> Task<> {
    const auto listener = common::listen_on(tests::on_free_port(), common::SocketMode::blocking);
    const auto address = *common::Address::of_socket(*listener);
    const auto client = co_await loop.socket_direct(AF_INET, SOCK_STREAM, 0);
    EXPECT_THAT(client, Succeeded());
    EXPECT_THAT(co_await loop.connect(*client, address), Succeeded());
    const auto server = co_await loop.accept_direct(*listener);
    EXPECT_THAT(server, Succeeded());
    EXPECT_THAT(co_await loop.send(*client, bytes_of("hi")), Succeeded());
    std::array<std::byte, 8> buffer;
    EXPECT_EQ(co_await loop.recv(*server, buffer), Result<std::size_t>(2u));
  });
}

TEST_F(UringDirect, PutsDescriptorsIntoSlots) {
  run([this]() -> Task<> {
    const auto ends = unix_connection();
    std::array<int, 1> numbers{ends.client.get()};
    EXPECT_EQ(co_await loop.files_update(numbers, 0), Result<unsigned>(1u));
    EXPECT_THAT(co_await loop.send(Descriptor::direct(0), bytes_of("hi")), Succeeded());
    numbers[0] = -1;
    EXPECT_EQ(co_await loop.files_update(numbers, 0), Result<unsigned>(1u));
  });
}

TEST_F(UringDirect, MakesOrdinaryDescriptorsOfThem) {
  if (!loop.ring().supports(uring::op_fixed_fd_install)) GTEST_SKIP() << "needs Linux 6.8";
  run([this]() -> Task<> {
    const auto file = co_await loop.open_direct(loop.working_dir(), "/dev/zero", O_RDONLY);
    const auto ordinary = co_await loop.fixed_fd_install(*file);
    EXPECT_THAT(ordinary, Succeeded());
    char byte = 1;
    EXPECT_EQ(::read(ordinary->get(), &byte, 1), 1);
    EXPECT_EQ(byte, 0);
  });
}

TEST_F(Uring, ProvidesAndRemovesBuffers) {
  run([this]() -> Task<> {
    std::array<std::byte, 64> memory;
    EXPECT_THAT(co_await loop.provide_buffers(memory.data(), 16, 4, 99, 0), Succeeded());
    EXPECT_EQ(co_await loop.remove_buffers(10, 99), Result<unsigned>(4u));
  });
}

Task<> wait_for_word(Loop& loop, const std::uint32_t& word, std::optional<Status>& outcome) {
  outcome = co_await loop.futex_wait(word, 0);
}

TEST_F(Uring, WaitsForAFutex) {
  if (!loop.ring().supports(uring::op_futex_wait)) GTEST_SKIP() << "needs Linux 6.7";
  run([this]() -> Task<> {
    std::uint32_t word = 0;
    std::optional<Status> outcome;
    Scope scope(loop);
    scope.spawn(wait_for_word(loop, word, outcome));
    EXPECT_EQ(co_await loop.futex_wake(word, 10), Result<unsigned>(1u));
    co_await scope.join();
    EXPECT_THAT(*outcome, Succeeded());
    word = 1;
    EXPECT_THAT(co_await loop.futex_wait(word, 0),
                FailedWith(std::errc::resource_unavailable_try_again));
    EXPECT_THAT(co_await loop.futex_wait(word, 1).within(2ms), FailedWith(Error::timed_out));
  });
}

TEST_F(Uring, WaitsForAChild) {
  if (!loop.ring().supports(uring::op_waitid)) GTEST_SKIP() << "needs Linux 6.7";
  run([this]() -> Task<> {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(5);
    siginfo_t about{};
    EXPECT_THAT(co_await loop.waitid(P_PID, static_cast<id_t>(child), about, WEXITED), Succeeded());
    EXPECT_EQ(about.si_status, 5);
  });
}

Task<> send_numbers(Loop& loop, int ring, std::uint64_t mailbox) {
  for (std::uint32_t i = 1; i <= 10; ++i) {
    EXPECT_THAT(co_await loop.msg_ring(ring, mailbox, i), Succeeded());
  }
}

TEST_F(Uring, TakesMessagesFromTheRingOfAnotherThread) {
  run([this]() -> Task<> {
    uring::Mailbox mailbox(loop);
    std::thread other([ring = loop.ring_fd(), name = mailbox.user_data()] {
      const auto theirs = tests::make_loop();
      theirs->run(send_numbers(*theirs, ring, name));
    });
    for (std::uint32_t i = 1; i <= 10; ++i) {
      EXPECT_EQ(co_await mailbox.receive(), Result<std::uint32_t>(i));
    }
    other.join();
  });
}

/// A custom operation: nothing in the library knows of it.
class Advise {
 public:
  using Value = void;
  static constexpr const char* what = "fadvise";
  Advise(const Fd& fd, int advice) : fd_(fd.get()), advice_(advice) {}
  void prepare(io_uring_sqe& entry) const { io_uring_prep_fadvise(&entry, fd_, 0, 0, advice_); }

 private:
  int fd_;
  int advice_;
};

TEST_F(Uring, CustomOperationsNeedNoChangeToTheLoop) {
  run([this]() -> Task<> {
    const Fd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    EXPECT_THAT(co_await loop.start(Advise(file, POSIX_FADV_SEQUENTIAL)), Succeeded());
    EXPECT_THAT(co_await loop.start(Advise(file, 99)), FailedWith(std::errc::invalid_argument));
    EXPECT_THAT(co_await loop.start(Advise(file, POSIX_FADV_NORMAL)).within(1s), Succeeded());
  });
}

}  // namespace
