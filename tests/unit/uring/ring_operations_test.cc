// Direct descriptors, provided buffers, futexes, processes: every operation once.

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <stdexcept>

#include "fixture.h"

namespace {

using namespace tests;
using uring::Descriptor;
using uring::DirectFd;
using uring::Fd;
using uring::Status;

class UringDirect : public Uring {
 protected:
  void SetUp() override { ASSERT_THAT(loop.register_files(4, 1), Succeeded()); }
};

CO_TEST_F(UringDirect, OpensReadsAndCloses) {
  auto file = co_await loop.open_direct(loop.working_dir(), "/proc/self/comm", O_RDONLY);
  EXPECT_THAT(file, Succeeded());
  std::array<std::byte, 32> buffer;
  EXPECT_THAT(co_await loop.read(*file, buffer), Succeeded());
  EXPECT_EQ(text_of(std::span(buffer).first(5)), "uring");
  EXPECT_THAT(co_await loop.close(std::move(*file)), Succeeded());
}

CO_TEST_F(UringDirect, SlotsComeBack) {
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
}

CO_TEST_F(UringDirect, SocketsAndAccepts) {
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
}

CO_TEST_F(UringDirect, PutsDescriptorsIntoSlots) {
  const auto ends = unix_connection();
  std::array<int, 1> numbers{ends.client.get()};
  EXPECT_EQ(co_await loop.files_update(numbers, 0), Result<unsigned>(1u));
  EXPECT_THAT(co_await loop.send(Descriptor::direct(0), bytes_of("hi")), Succeeded());
  numbers[0] = -1;
  EXPECT_EQ(co_await loop.files_update(numbers, 0), Result<unsigned>(1u));
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

/// Two buffers of four bytes in a ring of their own, as a bundle needs them.
class BufferPair {
 public:
  explicit BufferPair(Loop& loop) : loop_(loop), group(loop.new_buffer_group()) {
    for (std::uint16_t i = 0; i < 2; ++i) {
      ring_[i].addr = reinterpret_cast<std::uintptr_t>(&bytes[4U * i]);
      ring_[i].len = 4;
      ring_[i].bid = i;
    }
    io_uring_buf_reg about{};
    about.ring_addr = reinterpret_cast<std::uintptr_t>(ring_.data());
    about.ring_entries = 2;
    about.bgid = group;
    EXPECT_EQ(io_uring_register_buf_ring(&loop.ring().raw(), &about, 0), 0);
    io_uring_smp_store_release(&ring_[0].resv, std::uint16_t{2});  // the tail
  }
  ~BufferPair() { (void)io_uring_unregister_buf_ring(&loop_.ring().raw(), group); }

 private:
  alignas(4096) std::array<io_uring_buf, 2> ring_{};
  Loop& loop_;

 public:
  std::uint16_t group;
  std::string bytes = "abcdefgh";
};

TEST_F(Uring, SendsAndReceivesBundles) {
  constexpr int op_listen = 57;  // No operation is of 6.10; this is one of the next that are, 6.11.
  if (!loop.ring().supports(op_listen)) GTEST_SKIP() << "needs Linux 6.10";
  BufferPair sent(loop);  // not in the coroutine's frame, which is not aligned to a page
  BufferPair received(loop);
  received.bytes.assign(8, '.');
  run([&]() -> Task<> {
    const auto ends = tests::tcp_connection();
    const auto out = co_await loop.send_bundle(ends.client, sent.group);
    EXPECT_THAT(out, Succeeded());
    EXPECT_EQ(out->bytes, 8u);
    EXPECT_EQ(out->first_buffer, 0u);
    const auto in = co_await loop.recv_bundle(ends.server, received.group);
    EXPECT_THAT(in, Succeeded());
    EXPECT_EQ(in->bytes, 8u);
    EXPECT_EQ(in->first_buffer, 0u);
    EXPECT_EQ(received.bytes, "abcdefgh");
    EXPECT_THAT(co_await loop.send_bundle(ends.client, sent.group),
                FailedWith(std::errc::no_buffer_space));
  });
}

CO_TEST_F(Uring, ProvidesAndRemovesBuffers) {
  std::array<std::byte, 64> memory;
  EXPECT_THAT(co_await loop.provide_buffers(memory.data(), 16, 4, 99, 0), Succeeded());
  EXPECT_EQ(co_await loop.remove_buffers(10, 99), Result<unsigned>(4u));
}

TEST_F(Uring, WaitsForAFutex) {
  if (!loop.ring().supports(uring::op_futex_wait)) GTEST_SKIP() << "needs Linux 6.7";
  run([this]() -> Task<> {
    std::uint32_t word = 0;
    std::optional<Status> outcome;
    Scope scope(loop);
    scope.spawn(keep_result(loop.futex_wait(word, 0), outcome));
    EXPECT_EQ(co_await loop.futex_wake(word, 10), Result<unsigned>(1u));
    co_await scope.join();
    EXPECT_THAT(*outcome, Succeeded());
    word = 1;
    EXPECT_THAT(co_await loop.futex_wait(word, 0),
                FailedWith(std::errc::resource_unavailable_try_again));
    EXPECT_THAT(co_await loop.futex_wait(word, 1).within(2ms), TimedOut());
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

CO_TEST_F(Uring, MakesACompletionOnAnotherRing) {
  io_uring other;
  EXPECT_EQ(io_uring_queue_init(4, &other, 0), 0);
  EXPECT_THAT(co_await loop.msg_ring(other.ring_fd, 7, 42), Succeeded());
  io_uring_cqe* made = nullptr;
  EXPECT_EQ(io_uring_wait_cqe(&other, &made), 0);
  EXPECT_EQ(made->user_data, 7u);
  EXPECT_EQ(made->res, 42);
  io_uring_queue_exit(&other);
}

class Refusing {
 public:
  using Value = void;
  static constexpr const char* what = "refusing";
  void prepare(io_uring_sqe& /*entry*/) const { throw std::runtime_error("from prepare"); }
};

// An entry is taken by then, and the operation counted: there is no way back.
TEST(UringLoopDeathTest, AnExceptionWhileAnOperationIsPreparedEndsTheProcess) {
  const auto run_and_catch = [] {
    try {
      const auto loop = tests::make_loop();
      Status result;
      loop->run(keep_result(loop->start(Refusing()), result));
    } catch (...) {
    }
  };
  EXPECT_DEATH(run_and_catch(), "from prepare");
}

}  // namespace
