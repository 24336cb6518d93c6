#include "waits.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "uring/buffers.h"

namespace tests {
namespace {

using namespace std::chrono_literals;
using common::Fd;
using uring::Clock;
using uring::Loop;
using uring::Task;

/// What make() makes, limited as the case wants it.
template <typename Make>
Task<> limited(Case& by, Make make) {
  auto awaited = by.async ? make().async() : make();
  if (by.end == End::within) {
    by.ended(co_await std::move(awaited).within(by.limit));
  } else if (by.end == End::until_time) {
    by.ended(co_await std::move(awaited).until(by.due));
  } else if (by.end == End::until_deadline) {
    by.ended(co_await std::move(awaited).until(by.deadline));
  } else if (by.end == End::cancelled_by || by.end == End::cancel) {
    by.ended(co_await std::move(awaited).cancelled_by(by.canceller));
  } else {
    by.ended(co_await std::move(awaited));
  }
}

void fill(const Pipe& pipe) {
  const std::array<std::byte, 4096> page{};
  const int flags = ::fcntl(pipe.in.get(), F_GETFL);
  ::fcntl(pipe.in.get(), F_SETFL, flags | O_NONBLOCK);
  while (::write(pipe.in.get(), page.data(), page.size()) > 0) {
  }
  ::fcntl(pipe.in.get(), F_SETFL, flags);
}

void fill(const Fd& socket) {
  const std::vector<std::byte> much(64 * 1024);
  while (::send(socket.get(), much.data(), much.size(), MSG_DONTWAIT) > 0) {
  }
}

/// Fills the way to the client, for good: a filter drops what arrives there, so that nothing is
/// acknowledged. Where a client only reads nothing there soon is room again: what was on its way is
/// acknowledged late, and after 200 ms a probe of the closed window takes some bytes.
void fill_for_good(const Ends& connection) {
  sock_filter nothing{.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = 0};
  const sock_fprog filter{.len = 1, .filter = &nothing};
  EXPECT_EQ(
      ::setsockopt(connection.client.get(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter),
      0);
  const int least = 0;  // for some time after the end the kernel keeps what is not acknowledged
  EXPECT_EQ(::setsockopt(connection.server.get(), SOL_SOCKET, SO_SNDBUF, &least, sizeof least), 0);
  fill(connection.server);
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
  fill(pipe);
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
  fill(from);
  fill(full);
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
  const auto address = on_free_port();
  EXPECT_EQ(::bind(listener.get(), address.data(), address.size()), 0);
  EXPECT_EQ(::listen(listener.get(), 0), 0);
  const auto bound = *common::Address::of_socket(listener);
  const auto first = connect_to(bound);
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  co_await limited(by, [&] { return loop.connect(socket, bound); });
}
Task<> wait_to_accept(Loop& loop, Case& by) {
  const auto listener = common::listen_on(on_free_port(), common::SocketMode::blocking);
  co_await limited(by, [&] { return loop.accept(*listener); });
}
Task<> wait_to_accept_direct(Loop& loop, Case& by) {
  (void)loop.register_files(4);  // the first time; then there are slots
  const auto listener = common::listen_on(on_free_port(), common::SocketMode::blocking);
  co_await limited(by, [&] { return loop.accept_direct(*listener); });
}
Task<> wait_to_recv(Loop& loop, Case& by) {
  std::array<std::byte, 8> to;
  co_await limited(by, [&] { return loop.recv(by.peer.server, to); });
}
Task<> wait_to_recv_all(Loop& loop, Case& by) {
  const auto sockets = unix_connection();
  std::array<std::byte, 8> to;
  co_await limited(by, [&] { return loop.recv(sockets.server, to, MSG_WAITALL); });
}
Task<> wait_to_recvmsg(Loop& loop, Case& by) {
  std::array<std::byte, 8> to;
  Message message(to);
  co_await limited(by, [&] { return loop.recvmsg(by.peer.server, message.header); });
}
Task<> wait_to_recv_bundle(Loop& loop, Case& by) {
  const auto buffers = std::move(*uring::Buffers::create(loop, 2, 64));
  co_await limited(by, [&] { return loop.recv_bundle(by.peer.server, buffers->group()); });
}
Task<> wait_to_send(Loop& loop, Case& by) {
  fill_for_good(by.peer);
  const std::array<std::byte, 8> from{};
  co_await limited(by, [&] { return loop.send(by.peer.server, from); });
}
Task<> wait_to_send_all(Loop& loop, Case& by) {
  const auto sockets = unix_connection();
  fill(sockets.server);
  const std::array<std::byte, 8> from{};
  co_await limited(by, [&] { return loop.send(sockets.server, from, MSG_WAITALL); });
}
Task<> wait_to_sendmsg(Loop& loop, Case& by) {
  fill_for_good(by.peer);
  std::array<std::byte, 8> from{};
  Message message(from);
  co_await limited(by, [&] { return loop.sendmsg(by.peer.server, message.header); });
}
Task<> wait_for_room_to_send_zc(Loop& loop, Case& by) {
  fill_for_good(by.peer);
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
  Message message(from);
  co_await limited(by, [&] { return loop.sendmsg_zc(by.peer.server, message.header); });
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
    {"sendmsg_zc", wait_to_sendmsg_zc, {}, Ended::by_the_peer},
    {"poll", wait_to_poll},
    {"sleep", wait_to_sleep},
    {"sleep_until", wait_to_sleep_until},
    {"futex_wait", wait_for_futex, {}, {}, uring::op_futex_wait},
    {"waitid", wait_for_child, {}, {}, uring::op_waitid},
};

}  // namespace

std::span<const Waiting> operations_that_wait() { return operations; }

}  // namespace tests
