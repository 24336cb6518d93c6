#include "finger/client/connect.h"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>
#include <memory>
#include <system_error>
#include <thread>

#include "common/server/process.h"
#include "finger/timeout.h"

namespace finger {
namespace {

using common::Address;
using common::Clock;
using common::Fd;

constexpr std::chrono::milliseconds head_start(250);  // RFC 8305, 5

bool is_over(DueTime deadline) { return deadline && Clock::now() >= *deadline; }

Outcome<std::vector<Address>> ask_resolver(const std::string& host, std::uint16_t port,
                                           int family) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const auto service = fmt::format("{}", port);
  // Without a name the answer is this machine, even if no file and no server knows localhost.
  const char* const name = host == "localhost" ? nullptr : host.c_str();
  const int error = ::getaddrinfo(name, service.c_str(), &hints, &found);
  if (error == EAI_SYSTEM) return Failure(std::strerror(errno));
  if (error != 0) return Failure(::gai_strerror(error));

  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    if (one->ai_addrlen > Address::capacity()) continue;
    std::memcpy(addresses.emplace_back().data(), one->ai_addr, one->ai_addrlen);
  }
  return addresses;
}

/// Several attempts to connect at the same time, of which the first that succeeds wins.
class Race {
 public:
  /// Starts one more attempt, which may fail immediately.
  void start(const Address& address);

  /// Waits until an attempt succeeds or fails, or until `latest`. Returns the connection, if there
  /// is one.
  std::optional<Fd> wait(DueTime latest);

  bool empty() const { return attempts_.empty(); }

  /// Why each attempt failed, in the order of the failures.
  const std::string& reasons() const { return reasons_; }

 private:
  struct Attempt {
    Fd socket;
    Address address;
  };
  void failed(const Address& address, int error);

  std::vector<Attempt> attempts_;
  std::string reasons_;
};

void Race::start(const Address& address) {
  Fd socket(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return failed(address, errno);
  if (::connect(socket.get(), address.data(), address.size()) < 0 && errno != EINPROGRESS) {
    return failed(address, errno);
  }
  attempts_.push_back({std::move(socket), address});
}

std::optional<Fd> Race::wait(DueTime latest) {
  std::vector<pollfd> polled;
  for (const Attempt& attempt : attempts_) polled.push_back({attempt.socket.get(), POLLOUT, 0});
  (void)::poll(polled.data(), polled.size(), timeout_ms(latest));  // EINTR: called again

  for (std::size_t i = polled.size(); i-- > 0;) {
    if (polled[i].revents == 0) continue;
    Attempt attempt = std::move(attempts_[i]);
    attempts_.erase(attempts_.begin() + static_cast<std::ptrdiff_t>(i));
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(attempt.socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) < 0) error = errno;
    // EPIPE: the server already accepted, answered and reset. The answer can still be read.
    if (error == 0 || error == EPIPE) return std::move(attempt.socket);
    failed(attempt.address, error);
  }
  return std::nullopt;
}

void Race::failed(const Address& address, int error) {
  reasons_ += fmt::format("{}to {}: {}", reasons_.empty() ? "" : "; ", address.to_string(),
                          std::strerror(error));
}

}  // namespace

Outcome<std::vector<Address>> look_up(const std::string& host, std::uint16_t port, int family,
                                      DueTime deadline) {
  std::promise<Outcome<std::vector<Address>>> asked;
  auto answer = asked.get_future();
  try {
    std::thread([host, port, family, asked = std::move(asked)]() mutable {
      asked.set_value(ask_resolver(host, port, family));
    }).detach();
  } catch (const std::system_error& error) {  // EAGAIN: the system allows no more threads
    return Failure(common::explain_no_thread(error.code()));
  }
  if (deadline && answer.wait_until(*deadline) == std::future_status::timeout) {
    return Failure("the name was not resolved in time");
  }
  return answer.get();
}

Outcome<Fd> connect_to(std::span<const Address> addresses, DueTime deadline) {
  if (addresses.empty()) return Failure("it has no address");
  Race race;
  auto next_start = Clock::now();
  while (!addresses.empty() || !race.empty()) {
    if (is_over(deadline)) return Failure("no connection in time");
    if (!addresses.empty() && (race.empty() || Clock::now() >= next_start)) {
      race.start(addresses.front());
      addresses = addresses.subspan(1);
      next_start = Clock::now() + head_start;
      continue;
    }
    const auto latest =
        addresses.empty() ? deadline : std::min(next_start, deadline.value_or(next_start));
    if (auto connected = race.wait(latest)) return std::move(*connected);
  }
  return Failure("cannot connect " + race.reasons());
}

bool wait_for(int descriptor, short events, DueTime deadline) {
  pollfd polled{.fd = descriptor, .events = events, .revents = 0};
  while (!is_over(deadline)) {
    if (::poll(&polled, 1, timeout_ms(deadline)) > 0) return true;  // else EINTR, or late
  }
  return false;
}

}  // namespace finger
