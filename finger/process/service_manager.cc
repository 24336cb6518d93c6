#include "finger/process/service_manager.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <cstddef>
#include <cstdlib>

#include "common/net/listen.h"
#include "common/net/number.h"
#include "common/server/duration.h"

namespace finger {
namespace {

/// The first descriptor that a manager passes. sd_listen_fds(3)
constexpr int passed_begin = 3;

/// Returns the variable's value, and removes the variable, which isn't for processes that we start.
std::string take_variable(const char* name) {
  const char* const value = std::getenv(name);
  std::string taken = value == nullptr ? "" : value;
  (void)::unsetenv(name);  // fails only for a wrong name
  return taken;
}

/// A socket whose messages go to `path`, which begins with / or, for an abstract name, with @.
common::Fd connect_to(const std::string& path) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (path.empty() || path.size() >= sizeof address.sun_path) return {};
  std::ranges::copy(path, address.sun_path);
  if (path.front() == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  common::Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  // A manager that is slow to read its messages must not hold us up for longer than this.
  constexpr timeval patience{.tv_sec = 1, .tv_usec = 0};
  const auto* const to = reinterpret_cast<const sockaddr*>(&address);
  if (!socket || ::connect(socket.get(), to, size) < 0) return {};
  (void)::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return socket;
}

/// MPTCP, which is TCP over several paths (SocketProtocol=mptcp), counts, too.
bool listens_for_tcp(int descriptor) {
  int protocol = 0;
  socklen_t size = sizeof protocol;
  return common::is_listening(descriptor) &&
         ::getsockopt(descriptor, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 &&
         (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP);
}

/// Takes over a passed descriptor. Error: a line that says what is wrong.
std::expected<common::Fd, std::string> take_socket(int number) {
  common::Fd socket(number);
  if (!listens_for_tcp(number)) {
    return std::unexpected(fmt::format(
        "descriptor {} from the service manager is not a listening TCP socket", number));
  }
  // A previous process may have left the socket in any state, and clients' sockets inherit
  // TCP_NODELAY and SO_LINGER. None of these calls fails on an open socket.
  constexpr int on = 1;
  constexpr linger off{};
  (void)::fcntl(number, F_SETFD, FD_CLOEXEC);
  (void)::fcntl(number, F_SETFL, O_NONBLOCK);
  (void)::setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  (void)::setsockopt(number, SOL_SOCKET, SO_LINGER, &off, sizeof off);
  return socket;
}

}  // namespace

ServiceManager ServiceManager::from_environment() {
  ServiceManager manager;
  manager.socket_ = connect_to(take_variable("NOTIFY_SOCKET"));
  return manager;
}

void ServiceManager::ready(std::string_view status) const {
  tell(fmt::format("READY=1\nSTATUS={}", status));
}

void ServiceManager::reloading() const {
  // systemd compares this with the time of the signal.
  const auto now = common::Clock::now().time_since_epoch();
  tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                   std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
}

void ServiceManager::tell(std::string_view message) const {
  if (!socket_) return;
  // If the manager no longer listens, the message is lost.
  (void)::send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL);
}

std::expected<std::vector<common::Fd>, std::string> take_passed_sockets() {
  const auto pid = take_variable("LISTEN_PID");
  const auto count = common::parse_number(take_variable("LISTEN_FDS"), 1, INT_MAX);
  (void)take_variable("LISTEN_FDNAMES");
  std::vector<common::Fd> passed;
  // The variables may be meant for another process, which passed its environment on.
  if (pid != std::to_string(::getpid()) || !count) return passed;
  for (int i = 0; i < static_cast<int>(*count); ++i) {
    auto socket = take_socket(passed_begin + i);
    if (!socket) return std::unexpected(std::move(socket.error()));
    passed.push_back(std::move(*socket));
  }
  return passed;
}

}  // namespace finger
