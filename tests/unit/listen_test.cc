#include "common/net/listen.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <vector>

#include "sockets.h"

namespace {

using common::Address;
using common::Fd;
using common::listen_group;
using common::listen_on;
using common::SocketMode;
using tests::connect_to;
using tests::on_free_port;

std::uint16_t port_of(const Address& address) {
  const auto text = address.to_string();
  return static_cast<std::uint16_t>(std::stoi(text.substr(text.rfind(':') + 1)));
}

std::uint16_t port_of(const Fd& socket) { return port_of(*Address::of_socket(socket)); }

Address on_port(std::uint16_t port) { return *Address::parse("127.0.0.1", port); }

int flag(const Fd& socket, int level, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(socket.get(), level, option, &value, &size), 0);
  return value;
}

bool is_nonblocking(const Fd& fd) { return (::fcntl(fd.get(), F_GETFL) & O_NONBLOCK) != 0; }
bool is_closed_on_exec(const Fd& fd) { return (::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0; }

TEST(ListenOn, GivesASocketOfTheModeThatIsAskedFor) {
  for (const auto mode : {SocketMode::blocking, SocketMode::nonblocking}) {
    const auto listener = listen_on(on_free_port(), mode);
    ASSERT_TRUE(listener.has_value());
    EXPECT_EQ(is_nonblocking(*listener), mode == SocketMode::nonblocking);
    EXPECT_TRUE(is_closed_on_exec(*listener));
  }
}

TEST(ListenGroup, SharesOnePortAndLosesNoConnection) {
  const auto group = listen_group(on_free_port(), 4);
  ASSERT_TRUE(group.has_value());
  ASSERT_EQ(group->size(), 4U);
  for (const Fd& listener : *group) EXPECT_EQ(port_of(listener), port_of(group->front()));

  std::vector<Fd> clients;
  for (int i = 0; i < 64; ++i) {
    clients.push_back(connect_to(*Address::of_socket(group->front())));
    ASSERT_TRUE(clients.back());
  }
  std::size_t accepted = 0;
  for (const Fd& listener : *group) {
    while (const Fd connection = Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC))) {
      EXPECT_EQ(flag(connection, IPPROTO_TCP, TCP_NODELAY), 1);
      ++accepted;
    }
    EXPECT_EQ(errno, EAGAIN);
  }
  EXPECT_EQ(accepted, clients.size());
}

// SO_REUSEPORT alone would let both serve, each a part of the clients.
TEST(ListenGroup, RefusesAPortThatIsTakenEvenByAnotherGroup) {
  const auto alone = listen_on(on_free_port(), SocketMode::nonblocking);
  const auto group = listen_group(on_free_port(), 2);
  ASSERT_TRUE(alone.has_value() && group.has_value());
  const auto taken_by_one = listen_group(on_port(port_of(*alone)), 2);
  const auto taken_by_group = listen_group(on_port(port_of(group->front())), 2);
  const auto one_and_group = listen_on(on_port(port_of(group->front())), SocketMode::nonblocking);
  ASSERT_FALSE(taken_by_one.has_value());
  ASSERT_FALSE(taken_by_group.has_value());
  ASSERT_FALSE(one_and_group.has_value());
  EXPECT_EQ(taken_by_one.error(), std::errc::address_in_use);
  EXPECT_EQ(taken_by_group.error(), std::errc::address_in_use);
  EXPECT_EQ(one_and_group.error(), std::errc::address_in_use);
}

TEST(ListenGroup, CanStartAgainOnItsPortImmediately) {
  std::uint16_t port = 0;
  {
    const auto group = listen_group(on_free_port(), 2);
    ASSERT_TRUE(group.has_value());
    port = port_of(group->front());
  }
  EXPECT_TRUE(listen_group(on_port(port), 2).has_value());
}

TEST(IsTransientAcceptError, IsWhatGoesAwayByWaiting) {
  for (const auto error : {std::errc::too_many_files_open, std::errc::too_many_files_open_in_system,
                           std::errc::no_buffer_space, std::errc::not_enough_memory,
                           std::errc::operation_not_permitted, std::errc::host_unreachable}) {
    EXPECT_TRUE(common::is_transient_accept_error(make_error_code(error)));
  }
  for (const auto error :
       {std::errc::invalid_argument, std::errc::bad_file_descriptor, std::errc::not_a_socket}) {
    EXPECT_FALSE(common::is_transient_accept_error(make_error_code(error)));
  }
}

}  // namespace
