#include "finger/server/process/service_manager.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <climits>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "common/net/number.h"
#include "common/server/duration.h"
#include "common/server/log.h"
#include "finger/service/takeover.h"

namespace finger {
namespace {

/// The variable's value, and no variable any more: a process that we start is not meant by it.
std::string take_variable(const char* name) {
  const char* const value = std::getenv(name);
  std::string taken = value == nullptr ? "" : value;
  (void)::unsetenv(name);  // fails only for a wrong name
  return taken;
}

/// Whether the variable names this process: another may have passed its environment on.
bool names_us(const std::string& pid) { return pid == std::to_string(::getpid()); }

/// A socket whose messages go to `path`, which begins with / or, for an abstract name, with @.
common::Fd connect_to(const std::string& path) {
  if (path.empty() || path.size() > Takeover::path_bytes_max) return {};
  sockaddr_un address = unix_address(path);
  if (path.front() == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  common::Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  // A manager that is late with its messages is not waited for at any price.
  constexpr timeval patience{.tv_sec = 1, .tv_usec = 0};
  const auto* const to = reinterpret_cast<const sockaddr*>(&address);
  if (!socket || ::connect(socket.get(), to, size) < 0) return {};
  (void)::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return socket;
}

/// What was passed as that descriptor, non-blocking. Error: a line that says what is wrong with it.
std::expected<common::Fd, std::string> take_socket(int number) {
  common::Fd socket(number);
  if (!listens_for_tcp(socket)) {
    return std::unexpected(
        fmt::format("what was passed as descriptor {} is no socket that listens for TCP", number));
  }
  constexpr int on = 1;
  // None fails for a socket that is open.
  (void)::fcntl(socket.get(), F_SETFD, FD_CLOEXEC);
  (void)::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  restore(socket);
  return socket;
}

/// The i-th of what colons separate; empty: there are fewer.
std::string_view name_of(int i, std::string_view names) {
  for (; i > 0 && !names.empty(); --i) {
    const auto end = names.find(':');
    names.remove_prefix(end == names.npos ? names.size() : end + 1);
  }
  return names.substr(0, names.find(':'));
}

}  // namespace

ServiceManager ServiceManager::from_environment() {
  ServiceManager manager;
  manager.socket_ = connect_to(take_variable("NOTIFY_SOCKET"));
  constexpr std::uint64_t longest = std::chrono::microseconds::max().count();
  const auto period = common::parse_number(take_variable("WATCHDOG_USEC"), 1, longest);
  const auto pid = take_variable("WATCHDOG_PID");
  if (period && (pid.empty() || names_us(pid))) {
    manager.watchdog_interval_ = std::chrono::microseconds(*period) / 2;
  }
  return manager;
}

void ServiceManager::ready(std::string_view status) const {
  tell(fmt::format("READY=1\nSTATUS={}", status));
}

void ServiceManager::reloading() const {
  // systemd compares it with the time at which it sent the signal.
  const auto now = common::Clock::now().time_since_epoch();
  tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                   std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
}

void ServiceManager::succeeded_by(pid_t successor) const {
  tell(fmt::format("MAINPID={}\nSTATUS=process {} has taken over", successor, successor));
}

void ServiceManager::alive() const { tell("WATCHDOG=1", MSG_DONTWAIT); }

void ServiceManager::tell(std::string_view message, int flags) const {
  if (!socket_) return;
  // A manager that does not listen any more is told nothing.
  (void)::send(socket_.get(), message.data(), message.size(), flags | MSG_NOSIGNAL);
}

std::expected<PassedSockets, std::string> take_passed_sockets() {
  const auto pid = take_variable("LISTEN_PID");
  const auto count = common::parse_number(take_variable("LISTEN_FDS"), 1, INT_MAX);
  const auto names = take_variable("LISTEN_FDNAMES");
  PassedSockets passed;
  if (!names_us(pid) || !count) return passed;
  for (int i = 0; i < static_cast<int>(*count); ++i) {
    auto socket = take_socket(passed_begin + i);
    if (!socket) return std::unexpected(std::move(socket.error()));
    if (name_of(i, names) != "metrics") {
      passed.clients.push_back(std::move(*socket));
    } else if (!passed.scrapers) {
      passed.scrapers = std::move(*socket);
    } else {
      common::log("of several sockets for metrics one is served: keep one ListenStream=",
                  common::Severity::warning);
    }
  }
  return passed;
}

}  // namespace finger
