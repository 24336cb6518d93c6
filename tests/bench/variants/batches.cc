// Echoes messages of 64 bytes with epoll, and takes at most so many events from each epoll_wait(2).
// All clients have spoken when it looks. They live on the same thread, and their part is not
// measured, so how many calls it takes depends on nothing but the batch.
// Try it: ./variants batches clients=1000 batch=1 rounds=10   and   batch=1024

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>

#include "variants/loopback.h"
#include "variants/variant.h"

namespace {

using loopback::check;
using Message = std::array<std::byte, 64>;

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

variants::Numbers batches(const variants::Words& words) {
  const auto pairs = loopback::connect_pairs(words.number("clients"));
  const auto rounds = words.number("rounds");
  Server server(pairs, words.number("batch"));
  Message message{};
  std::uint64_t waits = 0;
  std::chrono::nanoseconds cpu_time{};
  for (std::uint32_t round = 0; round <= rounds; ++round) {
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
  return {{"messages", pairs.size() * rounds},
          {"waits", waits},
          {"cpu_seconds", variants::seconds(cpu_time)}};
}

const variants::Variant known("batches", batches);

}  // namespace
