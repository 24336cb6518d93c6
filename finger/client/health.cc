#include "finger/client/health.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "finger/client/ask.h"
#include "finger/protocol/error.h"

namespace finger {
namespace {

constexpr auto health_timeout = std::chrono::seconds(3);

/// No user has that name, and no file is looked at.
constexpr std::string_view query = "@\r\n";

Outcome<void> check(const common::Address& address) {
  const DueTime deadline = common::Clock::now() + health_timeout;
  const auto server = connect_to(std::span(&address, 1), deadline);
  if (!server) return Failure(server.error());
  if (const auto sent = send_all(*server, query, deadline); !sent) return sent;
  std::string answer;
  std::array<char, 64> piece;
  while (answer.size() < piece.size()) {  // which is more than the refusal
    if (!wait_for(server->get(), POLLIN, deadline)) return Failure("no answer in time");
    const ssize_t size = ::recv(server->get(), piece.data(), piece.size(), 0);
    if (size < 0) return Failure(fmt::format("cannot receive: {}", std::strerror(errno)));
    if (size == 0) break;
    answer.append(piece.data(), static_cast<std::size_t>(size));
  }
  if (answer.empty()) return Failure("closed without an answer");
  if (answer != error_line(Error::relay_denied)) return Failure("not the answer of a fingerd");
  return {};
}

}  // namespace

int check_health(const common::Address& address) {
  const auto healthy = check(address);
  const auto line = fmt::format("{}: {}", address.to_string(),
                                healthy ? "serves" : "does not serve: " + healthy.error());
  std::fprintf(healthy ? stdout : stderr, "%s\n", line.c_str());
  return healthy ? 0 : 1;
}

}  // namespace finger
