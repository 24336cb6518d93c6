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

int flag(const Fd& socket, int level, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(socket.get(), level, option, &value, &size), 0);
  return value;
}

std::string bound_to(const Fd& socket) { return Address::of_socket(socket)->to_string(); }
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
  for (const Fd& listener : *group) EXPECT_EQ(bound_to(listener), bound_to(group->front()));

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

// With SO_REUSEPORT alone, both would serve a part of the clients.
TEST(ListenGroup, RefusesAPortThatIsTakenEvenByAnotherGroup) {
  const auto alone = listen_on(on_free_port(), SocketMode::nonblocking);
  const auto group = listen_group(on_free_port(), 2);
  ASSERT_TRUE(alone.has_value() && group.has_value());
  const auto by_one = *Address::of_socket(*alone);
  const auto by_group = *Address::of_socket(group->front());
  constexpr auto in_use = std::errc::address_in_use;
  EXPECT_EQ(listen_group(by_one, 2).error(), in_use);
  EXPECT_EQ(listen_group(by_group, 2).error(), in_use);
  EXPECT_EQ(listen_on(by_group, SocketMode::nonblocking).error(), in_use);
}

TEST(IsTransientAcceptError, IsTrueForErrorsThatWaitingCures) {
  for (const auto error : {std::errc::too_many_files_open, std::errc::too_many_files_open_in_system,
                           std::errc::no_buffer_space, std::errc::not_enough_memory,
                           std::errc::operation_not_permitted, std::errc::host_unreachable,
                           std::errc::connection_aborted, std::errc::interrupted}) {
    EXPECT_TRUE(common::is_transient_accept_error(make_error_code(error)));
  }
  for (const auto error :
       {std::errc::invalid_argument, std::errc::bad_file_descriptor, std::errc::not_a_socket}) {
    EXPECT_FALSE(common::is_transient_accept_error(make_error_code(error)));
  }
}

}  // namespace
