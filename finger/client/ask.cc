#include "finger/client/ask.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <string>
#include <system_error>

#include "common/server/constants.h"
#include "common/server/print.h"
#include "common/server/process.h"

namespace finger {
namespace {

Failure failed(std::string_view what) {
  return Failure(fmt::format("{}: {}", what, std::strerror(errno)));
}

constexpr std::string_view too_late = "no complete answer in time";

/// Moves the deadline by the time that printing takes.
Outcome<void> print_off_the_clock(std::string_view shown, DueTime& deadline) {
  const auto begin = common::Clock::now();
  const auto printed = print(shown);
  if (deadline) *deadline += common::Clock::now() - begin;
  return printed;
}

}  // namespace

Outcome<void> print(std::string_view shown) {
  const auto printed = common::print(shown);
  if (printed) return {};
  if (printed.error() != std::errc::broken_pipe) {  // e.g. `finger alice@example.org | head -1`
    (void)common::complain("finger: cannot write to standard output: " + printed.error().message());
  }
  return Failure("");
}

Outcome<void> send_all(const common::Fd& server, std::string_view line, DueTime deadline) {
  while (!line.empty()) {
    if (!wait_for(server.get(), POLLOUT, deadline)) return Failure(too_late);
    const ssize_t sent = ::send(server.get(), line.data(), line.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      line.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return {};  // the server may have answered before the close: recv(2) will tell
    } else if (errno != EAGAIN && errno != EINTR) {
      return failed("cannot send");
    }
  }
  return {};
}

Outcome<void> ask(const common::Fd& server, std::string_view line, Filter filter,
                  DueTime deadline) {
  if (const auto sent = send_all(server, line, deadline); !sent) return sent;

  std::array<std::byte, common::transient_buffer_bytes> received;
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

}  // namespace finger
