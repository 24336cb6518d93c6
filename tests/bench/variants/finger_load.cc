// Loads a finger daemon with one-shot exchanges: connect, ask, read to the end of the stream,
// compare every byte, close; then the next. One thread and a closed loop: so many clients have an
// exchange under way at a time.
// The daemon closes first, so TIME_WAIT is on its side, and our ports are free again at once. The
// clients come from several addresses, 127.0.0.1 and up: a port may come again only when the kernel
// would accept it in TIME_WAIT, and each address has some 28000 of them.
// Try it: ./variants finger_load port=7979 query=alice answer=FILE exchanges=10000 ms=0 clients=32
//         sources=8

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "common/fd.h"
#include "common/net/address.h"
#include "common/result.h"
#include "common/server/duration.h"
#include "common/server/log.h"
#include "load/histogram.h"
#include "load/source.h"
#include "variants/check.h"
#include "variants/variant.h"

namespace {

using common::Clock;
using common::Status;

constexpr int patience_ms = 10'000;

struct Settings {
  std::uint16_t port;
  std::uint32_t sources;
  std::uint64_t exchanges;  ///< 0: as many as fit the duration.
  std::chrono::milliseconds duration;
  std::string query;
  std::string answer;
};

/// So many clients, each with one exchange after the other.
class Crowd {
 public:
  Crowd(const Settings& settings, std::size_t clients)
      : settings_(settings),
        server_(*common::Address::parse("127.0.0.1", settings.port)),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        clients_(clients) {}

  /// Errors: of socket(2), connect(2), send(2), recv(2); bad_message: not the answer that is
  /// expected; timed_out: nothing has come for ten seconds.
  Status run() {
    begin_ = Clock::now();
    may_begin_ =
        settings_.exchanges > 0 ? settings_.exchanges : std::numeric_limits<std::uint64_t>::max();
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      if (const auto begun = begin(i); !begun) return begun;
    }
    while (under_way_ > 0) {
      if (const auto waited = wait_and_go_on(); !waited) return waited;
    }
    return {};
  }

  variants::Numbers numbers() const {
    const auto us = [this](double share) {
      return static_cast<double>(latency_.quantile(share)) / 1000;
    };
    return {{"exchanges", latency_.total()},
            {"seconds", variants::seconds(end_ - begin_)},
            {"p50_us", us(0.5)},
            {"p99_us", us(0.99)}};
  }

 private:
  struct Client {
    common::Fd fd;
    Clock::time_point began;
    std::size_t received_bytes = 0;
    bool asked = false;
  };

  Status begin(std::size_t number) {
    Client& client = clients_[number];
    client.began = Clock::now();
    if (settings_.exchanges == 0 && client.began >= begin_ + settings_.duration) may_begin_ = 0;
    if (may_begin_ == 0) return {};
    --may_begin_;
    const auto source = static_cast<std::uint32_t>(number) % settings_.sources;
    auto fd = load::socket_from(source, SOCK_NONBLOCK);
    if (!fd) return std::unexpected(fd.error());
    client.fd = std::move(*fd);
    if (::connect(client.fd.get(), server_.data(), server_.size()) < 0 && errno != EINPROGRESS) {
      return common::last_error();
    }
    client.received_bytes = 0;
    client.asked = false;
    ++under_way_;
    // Edge-triggered, for room and for input: nothing has to be changed before the close.
    epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.u64 = number}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, client.fd.get(), &event) < 0) {
      return common::last_error();
    }
    return {};
  }

  Status wait_and_go_on() {
    std::array<epoll_event, 256> events;
    const int ready =
        ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), patience_ms);
    if (ready < 0 && errno != EINTR) return common::last_error();
    if (ready == 0) return common::failure(common::Error::timed_out);
    for (int i = 0; i < ready; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      if (const auto went = go_on(event.data.u64, event.events); !went) return went;
    }
    return {};
  }

  Status go_on(std::size_t number, std::uint32_t ready) {
    Client& client = clients_[number];
    if (!client.asked && (ready & (EPOLLOUT | EPOLLERR)) != 0) {
      const std::string& query = settings_.query;
      const ssize_t sent = ::send(client.fd.get(), query.data(), query.size(), MSG_NOSIGNAL);
      if (sent < 0) return common::last_error();
      client.asked = true;  // an empty send buffer takes it whole
    }
    if ((ready & (EPOLLIN | EPOLLERR | EPOLLHUP)) == 0) return {};
    while (true) {
      const ssize_t got = ::recv(client.fd.get(), buffer_.data(), buffer_.size(), 0);
      if (got < 0 && errno == EAGAIN) return {};
      if (got < 0) return common::last_error();
      if (got == 0) return finish(number);
      const auto bytes = static_cast<std::size_t>(got);
      if (settings_.answer.compare(client.received_bytes, bytes, buffer_.data(), bytes) != 0) {
        return std::unexpected(std::make_error_code(std::errc::bad_message));
      }
      client.received_bytes += bytes;
    }
  }

  Status finish(std::size_t number) {
    Client& client = clients_[number];
    if (client.received_bytes != settings_.answer.size()) {
      return std::unexpected(std::make_error_code(std::errc::bad_message));
    }
    client.fd = common::Fd();
    end_ = Clock::now();
    const std::chrono::nanoseconds took = end_ - client.began;
    latency_.add(static_cast<std::uint64_t>(took.count()));
    --under_way_;
    return begin(number);
  }

  const Settings& settings_;
  common::Address server_;
  common::Fd epoll_;
  std::vector<Client> clients_;
  std::array<char, 64 * 1024> buffer_;
  Clock::time_point begin_, end_;
  std::uint64_t may_begin_ = 0, under_way_ = 0;
  load::Histogram latency_;
};

std::string content_of(const std::string& name) {
  std::ifstream file(name);
  variants::check(file.good() ? 0 : -1, name.c_str());
  return {std::istreambuf_iterator<char>(file), {}};
}

variants::Numbers finger_load(const variants::Words& words) {
  const Settings settings{.port = static_cast<std::uint16_t>(words.number("port")),
                          .sources = words.number("sources"),
                          .exchanges = words.number("exchanges"),
                          .duration = words.milliseconds("ms"),
                          .query = words.text("query") + "\r\n",
                          .answer = content_of(words.text("answer"))};
  Crowd crowd(settings, words.number("clients"));
  if (const auto done = crowd.run(); !done) {
    common::log(fmt::format("finger_load: {}", done.error().message()));
    std::exit(1);
  }
  return crowd.numbers();
}

const variants::Variant known("finger_load", finger_load);

}  // namespace
