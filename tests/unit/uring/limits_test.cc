// Each operation that can wait, each way to end it early, and each way to begin it: it ends in
// time, with the error that was asked for, and the loop does not go round and round meanwhile.

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "fixture.h"
#include "uring/buffers.h"

namespace {

using namespace std::chrono_literals;
using common::Fd;
using uring::Canceller;
using uring::Clock;
using uring::Deadline;
using uring::Error;
using uring::Loop;
using uring::Result;
using uring::Scope;
using uring::Status;
using uring::Task;

enum class End {
  within,
  until_time,
  until_deadline,
  cancelled_by,
  scope_cancel,
  destroyed,
  cancel
};

constexpr std::array<std::pair<End, const char*>, 7> ends{
    {{End::within, "within"},
     {End::until_time, "until(time_point)"},
     {End::until_deadline, "until(Deadline)"},
     {End::cancelled_by, "cancelled_by"},
     {End::scope_cancel, "scope.cancel"},
     {End::destroyed, "the scope is destroyed"},
     {End::cancel, "loop.cancel"}}};

constexpr auto pause = 2ms;  ///< After it, a worker of the kernel's has what it is to have.
constexpr auto guard = 5s;

/// How one operation is to be ended, and how it has.
class Case {
 public:
  Case(Loop& loop, End by, bool is_async, std::chrono::milliseconds time)
      : end(by),
        async(is_async),
        limit(time),
        due(Clock::now() + time),
        deadline(loop, due),
        peer(tests::tcp_connection()) {}

  const End end;
  const bool async;
  const std::chrono::milliseconds limit;
  const Clock::time_point due;
  Deadline deadline;
  Canceller canceller;
  const tests::Ends peer;  ///< A connection whose client reads nothing.
  std::optional<std::error_code> outcome;

  template <typename T>
  void ended(const Result<T>& result) {
    outcome = result ? std::error_code() : result.error();
  }
  std::error_code expected() const {
    const bool is_time = end == End::within || end == End::until_time || end == End::until_deadline;
    return make_error_code(is_time ? Error::timed_out : Error::cancelled);
  }

  /// What the peer has not acknowledged is given up, with the connection.
  void drop_connection() const {
    const sockaddr nobody{.sa_family = AF_UNSPEC, .sa_data = {}};
    EXPECT_EQ(::connect(peer.server.get(), &nobody, sizeof nobody), 0);
  }
};

/// What make() makes, limited as the case wants it.
template <typename Make>
Task<> limited(Case& by, Make make) {
  auto awaited = by.async ? make().async() : make();
  if (by.end == End::within) {
    const auto result = co_await std::move(awaited).within(by.limit);
    by.ended(result);
  } else if (by.end == End::until_time) {
    const auto result = co_await std::move(awaited).until(by.due);
    by.ended(result);
  } else if (by.end == End::until_deadline) {
    const auto result = co_await std::move(awaited).until(by.deadline);
    by.ended(result);
  } else if (by.end == End::cancelled_by || by.end == End::cancel) {
    const auto result = co_await std::move(awaited).cancelled_by(by.canceller);
    by.ended(result);
  } else {
    const auto result = co_await std::move(awaited);
    by.ended(result);
  }
}

class Pipe {
 public:
  Pipe() {
    int numbers[2];
    EXPECT_EQ(::pipe2(numbers, O_CLOEXEC), 0);
    out = Fd(numbers[0]);
    in = Fd(numbers[1]);
  }
  void fill() const {
    const std::array<std::byte, 4096> page{};
    const int flags = ::fcntl(in.get(), F_GETFL);
    ::fcntl(in.get(), F_SETFL, flags | O_NONBLOCK);
    while (::write(in.get(), page.data(), page.size()) > 0) {
    }
    ::fcntl(in.get(), F_SETFL, flags);
  }
  Fd out;
  Fd in;
};

void fill(const Fd& socket) {
  const std::vector<std::byte> much(64 * 1024);
  while (::send(socket.get(), much.data(), much.size(), MSG_DONTWAIT) > 0) {
  }
}

Task<> wait_to_read(Loop& loop, Case& by) {
  const Pipe pipe;
  std::array<std::byte, 8> to;
  co_await limited(by, [&] { return loop.read(pipe.out, to); });
}
Task<> wait_to_readv(Loop& loop, Case& by) {
  const Pipe pipe;
  std::array<std::byte, 8> to;
  const std::array<iovec, 1> parts{{{.iov_base = to.data(), .iov_len = to.size()}}};
  co_await limited(by, [&] { return loop.readv(pipe.out, parts); });
}
Task<> wait_to_write(Loop& loop, Case& by) {
  const Pipe pipe;
  pipe.fill();
  const std::array<std::byte, 8> from{};
  co_await limited(by, [&] { return loop.write(pipe.in, from); });
}
Task<> wait_to_splice_in(Loop& loop, Case& by) {
  const Pipe empty;
  const Pipe to;
  co_await limited(by, [&] { return loop.splice(empty.out, -1, to.in, -1, 8); });
}
Task<> wait_to_splice_out(Loop& loop, Case& by) {
  const Pipe from;
  const Pipe full;
  from.fill();
  full.fill();
  co_await limited(by, [&] { return loop.splice(from.out, -1, full.in, -1, 8); });
}
Task<> wait_to_tee(Loop& loop, Case& by) {
  const Pipe empty;
  const Pipe to;
  co_await limited(by, [&] { return loop.tee(empty.out, to.in, 8); });
}

class Fifo {
 public:
  Fifo() {
    std::string name = "/tmp/limits-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    EXPECT_EQ(::mkfifo(path().c_str(), 0600), 0);
  }
  ~Fifo() { std::filesystem::remove_all(directory_); }
  std::string path() const { return directory_ + "/fifo"; }

 private:
  std::string directory_;
};

Task<> wait_to_open(Loop& loop, Case& by) {
  const Fifo fifo;
  const std::string path = fifo.path();
  co_await limited(by, [&] { return loop.openat(loop.working_dir(), path.c_str(), O_RDONLY); });
}
Task<> wait_to_openat2(Loop& loop, Case& by) {
  const Fifo fifo;
  const std::string path = fifo.path();
  const open_how how{.flags = O_RDONLY | O_CLOEXEC, .mode = 0, .resolve = 0};
  co_await limited(by, [&] { return loop.openat2(loop.working_dir(), path.c_str(), how); });
}

Task<> wait_to_connect(Loop& loop, Case& by) {
  // A queue of one that is full: further attempts to connect get no answer.
  const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = tests::on_free_port();
  EXPECT_EQ(::bind(listener.get(), address.data(), address.size()), 0);
  EXPECT_EQ(::listen(listener.get(), 0), 0);
  const auto bound = *common::Address::of_socket(listener);
  const auto first = tests::connect_to(bound);
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  co_await limited(by, [&] { return loop.connect(socket, bound); });
}
Task<> wait_to_accept(Loop& loop, Case& by) {
  const auto listener = common::listen_on(tests::on_free_port(), common::SocketMode::blocking);
  co_await limited(by, [&] { return loop.accept(*listener); });
}
Task<> wait_to_accept_direct(Loop& loop, Case& by) {
  (void)loop.register_files(4);  // the first time; then there are slots
  const auto listener = common::listen_on(tests::on_free_port(), common::SocketMode::blocking);
  co_await limited(by, [&] { return loop.accept_direct(*listener); });
}
Task<> wait_to_recv(Loop& loop, Case& by) {
  std::array<std::byte, 8> to;
  co_await limited(by, [&] { return loop.recv(by.peer.server, to); });
}
Task<> wait_to_recv_all(Loop& loop, Case& by) {
  const auto sockets = tests::unix_connection();
  std::array<std::byte, 8> to;
  co_await limited(by, [&] { return loop.recv(sockets.server, to, MSG_WAITALL); });
}
Task<> wait_to_recvmsg(Loop& loop, Case& by) {
  std::array<std::byte, 8> to;
  iovec part{.iov_base = to.data(), .iov_len = to.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  co_await limited(by, [&] { return loop.recvmsg(by.peer.server, message); });
}
Task<> wait_to_recv_bundle(Loop& loop, Case& by) {
  const auto buffers = std::move(*uring::Buffers::create(loop, 2, 64));
  co_await limited(by, [&] { return loop.recv_bundle(by.peer.server, buffers->group()); });
}
Task<> wait_to_send(Loop& loop, Case& by) {
  fill(by.peer.server);
  const std::array<std::byte, 8> from{};
  co_await limited(by, [&] { return loop.send(by.peer.server, from); });
}
Task<> wait_to_send_all(Loop& loop, Case& by) {
  const auto sockets = tests::unix_connection();
  fill(sockets.server);
  const std::array<std::byte, 8> from{};
  co_await limited(by, [&] { return loop.send(sockets.server, from, MSG_WAITALL); });
}
Task<> wait_to_sendmsg(Loop& loop, Case& by) {
  fill(by.peer.server);
  std::array<std::byte, 8> from{};
  iovec part{.iov_base = from.data(), .iov_len = from.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  co_await limited(by, [&] { return loop.sendmsg(by.peer.server, message); });
}
Task<> wait_for_room_to_send_zc(Loop& loop, Case& by) {
  fill(by.peer.server);
  const std::array<std::byte, 8> from{};
  co_await limited(by, [&] { return loop.send_zc(by.peer.server, from); });
}

/// More than a peer that reads nothing lets the kernel send.
constexpr std::size_t too_much = 8 << 20;

Task<> wait_to_send_zc(Loop& loop, Case& by) {
  const std::vector<std::byte> from(too_much);
  co_await limited(by, [&] { return loop.send_zc(by.peer.server, from); });
}
Task<> wait_to_sendmsg_zc(Loop& loop, Case& by) {
  std::vector<std::byte> from(too_much);
  iovec part{.iov_base = from.data(), .iov_len = from.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  co_await limited(by, [&] { return loop.sendmsg_zc(by.peer.server, message); });
}

Task<> wait_to_poll(Loop& loop, Case& by) {
  co_await limited(by, [&] { return loop.poll(by.peer.server, POLLIN); });
}
Task<> wait_to_sleep(Loop& loop, Case& by) {
  co_await limited(by, [&] { return loop.sleep(1h); });
}
Task<> wait_to_sleep_until(Loop& loop, Case& by) {
  co_await limited(by, [&] { return loop.sleep_until(Clock::now() + 1h); });
}
Task<> wait_for_futex(Loop& loop, Case& by) {
  const std::uint32_t word = 0;
  co_await limited(by, [&] { return loop.futex_wait(word, 0); });
}

class Child {
 public:
  Child() : id_(::fork()) {
    if (id_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (true) ::pause();
  }
  ~Child() {
    ::kill(id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
  }
  id_t id() const { return static_cast<id_t>(id_); }

 private:
  pid_t id_;
};

Task<> wait_for_child(Loop& loop, Case& by) {
  const Child child;
  siginfo_t about{};
  co_await limited(by, [&] { return loop.waitid(P_PID, child.id(), about, WEXITED); });
}

enum class Begins { both_ways, async_only };

/// What ends it: the request to, or the peer alone. A zero-copy send has its result at once; what
/// it then waits for is that the peer acknowledges, and no request finds it any more.
enum class Ended { when_asked, by_the_peer };

struct Waiting {
  const char* name;
  Task<> (*start)(Loop&, Case&);
  Begins begins = Begins::both_ways;  ///< Inline, a FIFO is opened at once.
  Ended ended = Ended::when_asked;
  int since = IORING_OP_NOP;  ///< Knows it, or an operation that came with it.
};

constexpr Waiting operations[] = {
    {"read", wait_to_read},
    {"readv", wait_to_readv},
    {"write", wait_to_write},
    {"splice_in", wait_to_splice_in},
    {"splice_out", wait_to_splice_out},
    {"tee", wait_to_tee},
    {"openat", wait_to_open, Begins::async_only},
    {"openat2", wait_to_openat2, Begins::async_only},
    {"connect", wait_to_connect},
    {"accept", wait_to_accept},
    {"accept_direct", wait_to_accept_direct},
    {"recv", wait_to_recv},
    {"recv_all", wait_to_recv_all},
    {"recvmsg", wait_to_recvmsg},
    {"recv_bundle", wait_to_recv_bundle, {}, {}, uring::op_fixed_fd_install},
    {"send", wait_to_send},
    {"send_all", wait_to_send_all},
    {"sendmsg", wait_to_sendmsg},
    {"send_zc_without_room", wait_for_room_to_send_zc},
    {"send_zc", wait_to_send_zc, {}, Ended::by_the_peer},
    {"sendmsg_zc", wait_to_sendmsg_zc, {}, Ended::by_the_peer, IORING_OP_SENDMSG_ZC},
    {"poll", wait_to_poll},
    {"sleep", wait_to_sleep},
    {"sleep_until", wait_to_sleep_until},
    {"futex_wait", wait_for_futex, {}, {}, uring::op_futex_wait},
    {"waitid", wait_for_child, {}, {}, uring::op_waitid},
};

class UringLimits : public tests::Uring, public ::testing::WithParamInterface<Waiting> {
 protected:
  bool peer_decides() const { return GetParam().ended == Ended::by_the_peer; }

  /// It may be in between two threads of the kernel's, where it is not found.
  Task<> cancel_by_hand(const Canceller& canceller) {
    for (int i = 0; i < 5; ++i) {
      const auto asked = co_await loop.cancel(canceller);
      if (asked || asked.error() != std::errc::no_such_file_or_directory) co_return;
      (void)co_await loop.sleep(pause);
    }
  }

  Task<> try_one(End end, bool async) {
    Case by(loop, end, async, peer_decides() ? 40ms : 2 * pause);
    const auto turns = loop.turns();
    const unsigned entries = loop.ring().raw().sq.sqe_tail;
    {
      std::jthread peer;
      Scope scope(loop);
      scope.spawn(GetParam().start(loop, by));
      // Bytes are there: then the send has its result, or a worker is about to tell it.
      if (peer_decides()) (void)co_await loop.poll(by.peer.client, POLLIN);
      (void)co_await loop.sleep(pause);
      if (end == End::cancelled_by) by.canceller.cancel();
      if (end == End::scope_cancel) scope.cancel();
      if (end == End::cancel) co_await cancel_by_hand(by.canceller);
      if (peer_decides() && end == End::destroyed) {
        peer = std::jthread([&by] {
          std::this_thread::sleep_for(20ms);
          by.drop_connection();
        });
      } else if (peer_decides()) {
        (void)co_await loop.sleep_until(by.due + 10ms);
        EXPECT_EQ(scope.size(), 1u) << "its memory is still the kernel's";
        by.drop_connection();
      }
      if (end != End::destroyed) {
        const auto joined = co_await scope.join().within(guard);
        EXPECT_THAT(joined, tests::Succeeded()) << "it goes on";
        scope.cancel();
        co_await scope.join();
      }
    }
    if (end == End::destroyed) {
      EXPECT_FALSE(by.outcome.has_value()) << "no line of it may run";
    } else if (peer_decides()) {
      EXPECT_EQ(by.outcome.value(), std::error_code()) << "a result that is there wins";
    } else {
      EXPECT_EQ(by.outcome.value(), by.expected()) << by.outcome->message();
    }
    EXPECT_LT(loop.turns() - turns, 30u);
    EXPECT_LT(loop.ring().raw().sq.sqe_tail - entries, 30u);
  }

  Task<> try_all() {
    for (const auto& [end, name] : ends) {
      for (const bool async : {false, true}) {
        if (!async && GetParam().begins == Begins::async_only) continue;
        SCOPED_TRACE(std::string(name) + (async ? ", async" : ""));
        co_await try_one(end, async);
      }
    }
  }
};

TEST_P(UringLimits, EndItInTimeWithTheErrorThatWasAskedFor) {
  if (!loop.ring().supports(GetParam().since)) GTEST_SKIP() << "the kernel does not know it";
  if (peer_decides() && loop.ring().sqpoll()) {
    GTEST_SKIP() << "on Linux 6.18, if this test were killed with it in flight, the kernel's "
                    "thread would spin until a restart";
  }
  run([this] { return try_all(); });
}

INSTANTIATE_TEST_SUITE_P(Every, UringLimits, ::testing::ValuesIn(operations),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
