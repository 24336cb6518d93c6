// Every operation on sockets, readiness and time, once.

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "fixture.h"
#include "uring/time/deadline.h"

namespace {

using namespace tests;
using uring::Canceller;
using uring::Deadline;
using uring::Fd;
using uring::Status;

using Size = Result<std::size_t>;

CO_TEST_F(Uring, ConnectsAndAccepts) {
  const auto listener = common::listen_on(tests::on_free_port(), common::SocketMode::blocking);
  const auto address = *common::Address::of_socket(*listener);
  Result<common::Accepted> accepted;
  Scope scope(loop);
  scope.spawn(keep_result(loop.accept(*listener), accepted));
  const auto client = co_await loop.socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_THAT(client, Succeeded());
  EXPECT_THAT(co_await loop.connect(*client, address), Succeeded());
  co_await scope.join();
  EXPECT_THAT(accepted, Succeeded());
  EXPECT_EQ(accepted->peer.to_string(), common::Address::of_socket(*client)->to_string());
  EXPECT_NE(::fcntl(accepted->fd.get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(client->get(), F_GETFD) & FD_CLOEXEC, 0);
}

// This uses nothing of our servers, so a different project can begin with it.
CO_TEST_F(Uring, ListensInACall) {
  const auto listener = uring::listen_on(tests::on_free_port("::1"));
  EXPECT_THAT(listener, Succeeded());
  const auto address = *uring::Address::of_socket(*listener);
  EXPECT_THAT(co_await loop.accept(*listener).within(2ms), TimedOut());
  EXPECT_TRUE(tests::connect_to(address));
  EXPECT_THAT(co_await loop.accept(*listener), Succeeded());
  EXPECT_THAT(uring::listen_on(address), FailedWith(std::errc::address_in_use));
}

CO_TEST_F(Uring, SendsAndReceives) {
  const auto ends = unix_connection();
  std::array<std::byte, 16> buffer;
  EXPECT_EQ(co_await loop.send(ends.client, bytes_of("ping")), Size(4u));
  EXPECT_EQ(co_await loop.recv(ends.server, buffer), Size(4u));
  EXPECT_EQ(text_of(std::span(buffer).first(4)), "ping");
  EXPECT_THAT(co_await loop.shutdown(ends.client, SHUT_WR), Succeeded());
  EXPECT_EQ(co_await loop.recv(ends.server, buffer), Size(0u));
}

CO_TEST_F(Uring, SendingToAClosedPeerRaisesNoSignal) {
  auto ends = unix_connection();
  ends.server = Fd();
  EXPECT_THAT(co_await loop.send(ends.client, bytes_of("x")), FailedWith(std::errc::broken_pipe));
}

CO_TEST_F(Uring, SendsAndReceivesMessages) {
  const auto ends = unix_connection();
  std::string first = "ab";
  std::string second = "cd";
  std::array<iovec, 2> parts{iovec{first.data(), 2}, iovec{second.data(), 2}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  EXPECT_EQ(co_await loop.sendmsg(ends.client, message), Size(4u));
  std::swap(parts[0], parts[1]);
  EXPECT_EQ(co_await loop.recvmsg(ends.server, message), Size(4u));
  EXPECT_EQ(second + first, "abcd");
}

CO_TEST_F(Uring, SendsDatagramsToAnAddress) {
  const auto bound_socket = [] {
    Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto any = tests::on_free_port();
    EXPECT_EQ(::bind(socket.get(), any.data(), any.size()), 0);
    return socket;
  };
  const Fd from = bound_socket();
  const Fd to = bound_socket();
  const auto address = *uring::Address::of_socket(to);
  // With MSG_MORE the kernel keeps the bytes, and the next call makes one datagram of all.
  EXPECT_EQ(co_await loop.sendto(from, bytes_of("to "), address, MSG_MORE), Size(3u));
  EXPECT_EQ(co_await loop.sendto(from, bytes_of("you"), address), Size(3u));
  std::array<std::byte, 16> buffer;
  iovec part{.iov_base = buffer.data(), .iov_len = buffer.size()};
  uring::Address sender;
  msghdr message{};
  message.msg_name = sender.data();
  message.msg_namelen = uring::Address::capacity();
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  EXPECT_EQ(co_await loop.recvmsg(to, message), Size(6u));
  EXPECT_EQ(text_of(std::span(buffer).first(6)), "to you");
  EXPECT_EQ(sender.to_string(), uring::Address::of_socket(from)->to_string());
}

CO_TEST_F(Uring, Polls) {
  const auto ends = unix_connection();
  EXPECT_EQ(co_await loop.poll(ends.server, POLLIN | POLLOUT), Result<unsigned>(POLLOUT));
  EXPECT_THAT(co_await loop.poll(ends.server, POLLIN).within(2ms), TimedOut());
  (void)co_await loop.send(ends.client, bytes_of("x"));
  EXPECT_EQ(co_await loop.poll(ends.server, POLLIN), Result<unsigned>(POLLIN));
}

CO_TEST_F(Uring, ControlsAnEpoll) {
  const auto ends = unix_connection();
  const Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{};
  event.events = EPOLLOUT;
  event.data.u64 = 7;
  EXPECT_THAT(co_await loop.epoll_ctl(epoll, EPOLL_CTL_ADD, ends.server, event), Succeeded());
  epoll_event seen{};
  EXPECT_EQ(::epoll_wait(epoll.get(), &seen, 1, 1000), 1);
  EXPECT_EQ(seen.data.u64, 7u);
  event.data.u64 = 8;
  EXPECT_THAT(co_await loop.epoll_ctl(epoll, EPOLL_CTL_MOD, ends.server, event), Succeeded());
  EXPECT_EQ(::epoll_wait(epoll.get(), &seen, 1, 1000), 1);
  EXPECT_EQ(seen.data.u64, 8u);
  EXPECT_THAT(co_await loop.epoll_ctl(epoll, EPOLL_CTL_DEL, ends.server, event), Succeeded());
  EXPECT_EQ(::epoll_wait(epoll.get(), &seen, 1, 0), 0);
}

CO_TEST_F(Uring, Sleeps) {
  const auto before = Clock::now();
  EXPECT_THAT(co_await loop.sleep(5ms), Succeeded());
  EXPECT_GE(Clock::now() - before, 5ms);
}

CO_TEST_F(Uring, CancelsByOperation) {
  const auto ends = unix_connection();
  Canceller handle;
  std::optional<Result<unsigned>> outcome;
  Scope scope(loop);
  scope.spawn(keep_result(loop.poll(ends.server, POLLIN).cancelled_by(handle), outcome));
  EXPECT_THAT(co_await loop.cancel(handle), Succeeded());
  co_await scope.join();
  EXPECT_THAT(*outcome, Cancelled());
  EXPECT_THAT(co_await loop.cancel(handle), FailedWith(std::errc::no_such_file_or_directory));
}

CO_TEST_F(Uring, RemovesAndUpdatesPolls) {
  const auto ends = unix_connection();
  Canceller handle;
  std::optional<Result<unsigned>> outcome;
  Scope scope(loop);
  scope.spawn(keep_result(loop.poll(ends.server, POLLIN).cancelled_by(handle), outcome));
  EXPECT_THAT(co_await loop.poll_update(handle, POLLOUT), Succeeded());
  co_await scope.join();
  EXPECT_EQ(outcome->value_or(0), unsigned{POLLOUT});

  scope.spawn(keep_result(loop.poll(ends.server, POLLIN).cancelled_by(handle), outcome));
  EXPECT_THAT(co_await loop.poll_remove(handle), Succeeded());
  co_await scope.join();
  EXPECT_THAT(*outcome, Cancelled());
}

CO_TEST_F(Uring, RemovesTimeouts) {
  Canceller handle;
  std::optional<Status> outcome;
  Scope scope(loop);
  scope.spawn(keep_result(loop.sleep(1h).cancelled_by(handle), outcome));
  EXPECT_THAT(co_await loop.timeout_remove(handle), Succeeded());
  co_await scope.join();
  EXPECT_THAT(*outcome, Cancelled());
}

// Not even the loop's own timeout, which wakes it for a deadline.
CO_TEST_F(Uring, FindsNothingForACancellerThatHoldsNothing) {
  const Deadline later(loop, Clock::now() + 1h);
  (void)co_await loop.sleep(1ms);  // so that the loop waits
  const Canceller nothing;
  EXPECT_THAT(co_await loop.cancel(nothing), FailedWith(std::errc::no_such_file_or_directory));
  EXPECT_THAT(co_await loop.timeout_remove(nothing),
              FailedWith(std::errc::no_such_file_or_directory));
  EXPECT_THAT(co_await loop.poll_remove(nothing), FailedWith(std::errc::no_such_file_or_directory));
}

CO_TEST_F(Uring, DoesNothing) { EXPECT_THAT(co_await loop.nop(), Succeeded()); }

// These have the numbers of an errno, such as EPERM, so a loop around accept would go on forever.
TEST(IsTransientAcceptError, IsNoErrorOfTheLoop) {
  for (const Error error : {Error::cancelled, Error::timed_out, Error::kernel_too_old}) {
    EXPECT_FALSE(uring::is_transient_accept_error(make_error_code(error)));
  }
}

}  // namespace
