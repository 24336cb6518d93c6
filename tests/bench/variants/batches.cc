// Echoes messages of 64 bytes with epoll, and takes at most --batch events from each epoll_wait(2).
// All clients have spoken when it looks. They live on the same thread, and their part is not
// measured, so how many calls it takes depends on nothing but the batch. Prints one line of JSON.
// Try it: ./batches --batch 1   and   ./batches --batch 1024

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstdio>

#include "common/server/options.h"
#include "common/server/process.h"
#include "variants/loopback.h"

namespace {

using loopback::check;
using Message = std::array<std::byte, 64>;

struct Settings {
  std::uint32_t clients = 1000;
  std::uint32_t batch = 256;
  std::uint32_t rounds = 10;
};

common::Program program(Settings& settings) {
  return {.name = "batches",
          .summary = "Measures what the number of events taken at a time is worth.",
          .options = {common::number_option("--clients", "N", "connections, all of whom speak",
                                            settings.clients, 1, 9000),
                      common::number_option("--batch", "N", "events taken at a time",
                                            settings.batch, 1, 65536),
                      common::number_option("--rounds", "N", "messages of each client",
                                            settings.rounds, 1, 1'000'000)}};
}

class Server {
 public:
  Server(const std::vector<loopback::Pair>& pairs, std::size_t batch)
      : epoll_(::epoll_create1(EPOLL_CLOEXEC)), events_(batch) {
    check(epoll_.get(), "epoll_create1");
    for (const loopback::Pair& pair : pairs) {
      epoll_event event{.events = EPOLLIN, .data = {.fd = pair.ours.get()}};
      check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, pair.ours.get(), &event), "epoll_ctl");
    }
  }

  /// Answers so many messages; returns how many waits that took.
  std::uint64_t answer(std::size_t messages) {
    std::uint64_t waits = 0;
    for (std::size_t answered = 0; answered < messages; ++waits) {
      const auto ready =
          check(::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), -1),
                "epoll_wait");
      for (std::int64_t i = 0; i < ready; ++i) {
        const int fd = events_[static_cast<std::size_t>(i)].data.fd;
        Message message;
        const auto size = check(::recv(fd, message.data(), message.size(), 0), "recv");
        check(::send(fd, message.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL), "send");
        ++answered;
      }
    }
    return waits;
  }

 private:
  common::Fd epoll_;
  std::vector<epoll_event> events_;
};

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  if (const auto status = common::parse_options(argc, argv, program(settings))) return *status;
  common::prepare_process(settings.clients);
  const auto pairs = loopback::connect_pairs(settings.clients);
  Server server(pairs, settings.batch);
  Message message{};
  std::uint64_t waits = 0;
  std::chrono::nanoseconds cpu_time{};
  for (std::uint32_t round = 0; round <= settings.rounds; ++round) {
    for (const loopback::Pair& pair : pairs) {
      check(::send(pair.peer.get(), message.data(), message.size(), MSG_NOSIGNAL), "send");
    }
    const auto before = loopback::thread_cpu_time();
    const auto waited = server.answer(pairs.size());
    if (round > 0) {  // the first only warms up
      cpu_time += loopback::thread_cpu_time() - before;
      waits += waited;
    }
    for (const loopback::Pair& pair : pairs) {
      check(::recv(pair.peer.get(), message.data(), message.size(), MSG_WAITALL), "recv");
    }
  }
  fmt::print("{{\"messages\": {}, \"waits\": {}, \"cpu_seconds\": {:.9f}}}\n",
             std::uint64_t{settings.clients} * settings.rounds, waits,
             std::chrono::duration<double>(cpu_time).count());
}
