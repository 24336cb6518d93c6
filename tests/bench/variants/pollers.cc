// A loop that wakes up for one ready descriptor, with a poller that the compiler knows, and with
// one behind an interface that is chosen at run time: what the interface costs. Prints one line of
// JSON.
// Try it: ./pollers --binding static   and   ./pollers --binding virtual

#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/fd.h"
#include "common/server/duration.h"
#include "common/server/options.h"
#include "variants/check.h"

namespace {

using common::Clock;
using variants::check;

constexpr std::size_t batch_events_max = 256;

struct Settings {
  std::string poller = "epoll";
  bool is_virtual = false;
  std::uint32_t wake_ups = 100'000;
};

common::Program program(Settings& settings) {
  const auto set_poller = [&settings](std::string_view text) {
    settings.poller = text;
    return text == "poll" || text == "epoll";
  };
  const auto set_binding = [&settings](std::string_view text) {
    settings.is_virtual = text == "virtual";
    return text == "virtual" || text == "static";
  };
  return {.name = "pollers",
          .summary = "Measures what a wake-up costs through an interface, and without.",
          .options = {
              {"--poller", "NAME", "epoll", "who waits", "poll or epoll", set_poller},
              {"--binding", "WHEN", "static", "static: the compiler knows it; virtual: it does not",
               "static or virtual", set_binding},
              common::number_option("--wake-ups", "N", "how many", settings.wake_ups, 1,
                                    1'000'000'000)}};
}

struct Event {
  std::uint64_t token;
  bool input;
};

/// What both can do, for a loop that knows neither.
class Poller {
 public:
  virtual ~Poller() = default;
  virtual void watch(int fd, std::uint64_t token) = 0;
  virtual std::span<const Event> wait() = 0;
};

// The two themselves. `Base` is Poller, or nothing: then they have no virtual functions.

struct Nothing {};

template <typename Base>
class EpollPoller final : public Base {
 public:
  void watch(int fd, std::uint64_t token) {
    epoll_event event{.events = EPOLLIN, .data = {.u64 = token}};
    check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  }
  std::span<const Event> wait() {
    const auto ready = static_cast<std::size_t>(
        check(::epoll_wait(epoll_.get(), reported_.data(), batch_events_max, -1), "epoll_wait"));
    for (std::size_t i = 0; i < ready; ++i) {
      events_[i] = {.token = reported_[i].data.u64, .input = (reported_[i].events & EPOLLIN) != 0};
    }
    return std::span(events_).first(ready);
  }

 private:
  common::Fd epoll_{::epoll_create1(EPOLL_CLOEXEC)};
  std::array<epoll_event, batch_events_max> reported_;
  std::array<Event, batch_events_max> events_;
};

template <typename Base>
class PollPoller final : public Base {
 public:
  void watch(int fd, std::uint64_t token) {
    polled_.push_back({.fd = fd, .events = POLLIN, .revents = 0});
    tokens_.push_back(token);
  }
  std::span<const Event> wait() {
    events_.clear();
    auto ready = check(::poll(polled_.data(), polled_.size(), -1), "poll");
    for (std::size_t i = 0; ready > 0 && i < polled_.size(); ++i) {
      if (polled_[i].revents == 0) continue;
      events_.push_back({.token = tokens_[i], .input = (polled_[i].revents & POLLIN) != 0});
      --ready;
    }
    return events_;
  }

 private:
  std::vector<pollfd> polled_;
  std::vector<std::uint64_t> tokens_;
  std::vector<Event> events_;
};

/// The loop. Nothing is done for an event, and the descriptor stays ready.
template <typename AnyPoller>
void measure(AnyPoller& poller, std::uint32_t wake_ups) {
  const common::Fd ready(::eventfd(1, EFD_CLOEXEC));
  poller.watch(check(ready.get(), "eventfd") > 0 ? ready.get() : 0, 1);
  std::uint64_t events = 0;
  const auto begin = Clock::now();
  for (std::uint32_t i = 0; i < wake_ups; ++i) {
    for (const Event& event : poller.wait()) events += event.input ? event.token : 0;
  }
  const auto seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  fmt::print("{{\"wake_ups\": {}, \"events\": {}, \"seconds\": {:.9f}}}\n", wake_ups, events,
             seconds);
}

/// Not inlined: the compiler must not see which it is.
[[gnu::noinline]] std::unique_ptr<Poller> make_poller(const std::string& name) {
  if (name == "poll") return std::make_unique<PollPoller<Poller>>();
  return std::make_unique<EpollPoller<Poller>>();
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  if (const auto status = common::parse_options(argc, argv, program(settings))) return *status;
  if (settings.is_virtual) {
    const auto poller = make_poller(settings.poller);
    measure(*poller, settings.wake_ups);
  } else if (settings.poller == "poll") {
    PollPoller<Nothing> poller;
    measure(poller, settings.wake_ups);
  } else {
    EpollPoller<Nothing> poller;
    measure(poller, settings.wake_ups);
  }
}
