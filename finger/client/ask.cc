#include "finger/client/ask.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "common/server/limits_and_timeouts.h"
#include "finger/client/connect.h"
#include "finger/server/protocol/error.h"

namespace finger {
namespace {

Failure failed(std::string_view what) {
  return Failure(fmt::format("{}: {}", what, std::strerror(errno)));
}

constexpr std::string_view too_late = "no complete answer in time";

Outcome<void> send_all(const common::Fd& server, std::string_view line, DueTime deadline) {
  while (!line.empty()) {
    if (!wait_for(server.get(), POLLOUT, deadline)) return Failure(too_late);
    const ssize_t sent = ::send(server.get(), line.data(), line.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      line.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return {};  // it may have answered before it closed: recv(2) will tell
    } else if (errno != EAGAIN && errno != EINTR) {
      return failed("cannot send");
    }
  }
  return {};
}

/// Waits for as long as the output takes, even if another process has made it non-blocking.
Outcome<void> print(std::string_view shown) {
  while (!shown.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, shown.data(), shown.size());
    if (written >= 0) {
      shown.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      (void)wait_for(STDOUT_FILENO, POLLOUT, std::nullopt);
    } else if (errno == EPIPE) {
      return Failure("");
    } else if (errno != EINTR) {
      return failed("cannot write to standard output");
    }
  }
  return {};
}

/// Moves the deadline by the time that printing takes.
Outcome<void> print_off_the_clock(std::string_view shown, DueTime& deadline) {
  const auto begin = common::Clock::now();
  const auto printed = print(shown);
  if (deadline) *deadline += common::Clock::now() - begin;
  return printed;
}

constexpr auto health_timeout = std::chrono::seconds(3);

/// No user has that name, and no file is looked at.
constexpr std::string_view query = "@\r\n";

/// All of the answer, up to a few bytes more than the one that is expected.
Outcome<std::string> ask_for_refusal(const common::Address& address, DueTime deadline) {
  const auto server = connect_to(std::span(&address, 1), deadline);
  if (!server) return Failure(server.error());
  if (const auto sent = send_all(*server, query, deadline); !sent) return Failure(sent.error());
  std::string answer;
  std::array<char, 64> piece;
  while (answer.size() < piece.size()) {
    if (!wait_for(server->get(), POLLIN, deadline)) return Failure("no answer in time");
    const ssize_t size = ::recv(server->get(), piece.data(), piece.size(), 0);
    if (size < 0) return failed("cannot receive");
    if (size == 0) break;
    answer.append(piece.data(), static_cast<std::size_t>(size));
  }
  return answer;
}

Outcome<void> check(const common::Address& address) {
  const auto answer = ask_for_refusal(address, common::Clock::now() + health_timeout);
  if (!answer) return Failure(answer.error());
  if (answer->empty()) return Failure("closed without an answer");
  if (*answer != error_line(Error::relay_denied)) return Failure("not the answer of a fingerd");
  return {};
}

}  // namespace

Outcome<void> ask(const common::Fd& server, std::string_view line, Filter filter,
                  DueTime deadline) {
  if (const auto sent = send_all(server, line, deadline); !sent) return sent;

  std::array<std::byte, common::scratch_bytes> received;
  std::string shown;
  Outcome<void> ended = Failure("closed without an answer");
  while (true) {
    if (!wait_for(server.get(), POLLIN, deadline)) {
      ended = Failure(too_late);
      break;
    }
    const ssize_t size = ::recv(server.get(), received.data(), received.size(), 0);
    if (size == 0) break;
    if (size < 0) {
      if (errno == EAGAIN || errno == EINTR) continue;
      ended = failed("the answer broke off");
      break;
    }
    ended = {};  // a success, should this be all
    shown.clear();
    filter.take(std::span(received).first(static_cast<std::size_t>(size)), shown);
    if (const auto printed = print_off_the_clock(shown, deadline); !printed) return printed;
  }
  shown.clear();
  filter.finish(shown);
  if (const auto printed = print(shown); !printed) return printed;
  return ended;
}

int check_health(const common::Address& address) {
  const auto healthy = check(address);
  const auto line = fmt::format("{}: {}", address.to_string(),
                                healthy ? "serves" : "does not serve: " + healthy.error());
  std::fprintf(healthy ? stdout : stderr, "%s\n", line.c_str());
  return healthy ? 0 : 1;
}

}  // namespace finger
