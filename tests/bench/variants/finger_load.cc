// A client of a finger daemon, with one exchange after the other: connect, ask, read to the end of
// the stream, compare every byte, close. The daemon closes first, so TIME_WAIT is on its side, and
// our ports are free again at once.
// Try it: ./variants finger_load port=7979 query=alice answer=FILE ms=1000

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "common/fd.h"
#include "common/net/address.h"
#include "common/result.h"
#include "common/server/duration.h"
#include "common/server/log.h"
#include "load/histogram.h"
#include "variants/check.h"
#include "variants/variant.h"

namespace {

using common::Clock;
using common::Status;

constexpr timeval patience{.tv_sec = 10, .tv_usec = 0};

/// Errors: of socket(2), setsockopt(2), connect(2), send(2), recv(2), EAGAIN when nothing has come
/// for ten seconds; bad_message: not the answer that is expected.
Status exchange(const common::Address& server, const std::string& query,
                const std::string& expected) {
  const common::Fd fd(::socket(server.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0 ||
      ::connect(fd.get(), server.data(), server.size()) < 0 ||
      ::send(fd.get(), query.data(), query.size(), MSG_NOSIGNAL) < 0) {
    return common::last_error();
  }
  std::string answer;
  std::array<char, 16 * 1024> buffer;
  while (true) {
    const ssize_t received = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (received < 0) return common::last_error();
    if (received == 0) break;
    answer.append(buffer.data(), static_cast<std::size_t>(received));
  }
  if (answer == expected) return {};
  return std::unexpected(std::make_error_code(std::errc::bad_message));
}

std::string content_of(const std::string& name) {
  std::ifstream file(name);
  variants::check(file.good() ? 0 : -1, name.c_str());
  return {std::istreambuf_iterator<char>(file), {}};
}

variants::Numbers finger_load(const variants::Words& words) {
  const auto port = static_cast<std::uint16_t>(words.number("port"));
  const auto server = *common::Address::parse("127.0.0.1", port);
  const std::string query = words.text("query") + "\r\n";
  const std::string expected = content_of(words.text("answer"));
  const auto duration = words.milliseconds("ms");

  load::Histogram latency;
  const auto begin = Clock::now();
  auto now = begin;
  while (now < begin + duration) {
    const auto began = now;
    if (const auto done = exchange(server, query, expected); !done) {
      common::log(fmt::format("finger_load: {}", done.error().message()));
      std::exit(1);
    }
    now = Clock::now();
    const std::chrono::nanoseconds took = now - began;
    latency.add(static_cast<std::uint64_t>(took.count()));
  }
  const auto us = [&latency](double share) {
    return static_cast<double>(latency.quantile(share)) / 1000;
  };
  return {{"exchanges", latency.total()},
          {"seconds", variants::seconds(now - begin)},
          {"p50_us", us(0.5)},
          {"p99_us", us(0.99)}};
}

const variants::Variant known("finger_load", finger_load);

}  // namespace
