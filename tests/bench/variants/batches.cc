// Echoes messages of 64 bytes with epoll, and takes at most so many events from each epoll_wait(2).
// All clients have spoken when it looks. They live on the same thread, and their part is not
// measured, so how many calls it takes depends on nothing but the batch.
// Try it: ./variants batches clients=1000 batch=1 rounds=10   and   batch=1024

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>

#include "common/net/listen.h"
#include "variants/variant.h"

namespace {

using variants::check;
using Message = std::array<std::byte, 64>;

/// A TCP connection, both ends of it here.
struct Pair {
  common::Fd ours;  ///< Accepted, non-blocking.
  common::Fd peer;
};

std::vector<Pair> connect_pairs(std::size_t count) {
  const auto listener =
      common::listen_on(*common::Address::parse("127.0.0.1", 0), common::SocketMode::blocking);
  check(listener ? 0 : -1, "listen");
  const auto address = common::Address::of_socket(*listener);
  std::vector<Pair> pairs;
  while (pairs.size() < count) {
    common::Fd peer(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    check(::connect(peer.get(), address->data(), address->size()), "connect");
    common::Fd ours(::accept4(listener->get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    check(ours.get(), "accept4");
    pairs.push_back({.ours = std::move(ours), .peer = std::move(peer)});
  }
  return pairs;
}

class Server {
 public:
  Server(const std::vector<Pair>& pairs, std::size_t batch)
      : epoll_(::epoll_create1(EPOLL_CLOEXEC)), events_(batch) {
    check(epoll_.get(), "epoll_create1");
    for (const Pair& pair : pairs) {
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
  const auto pairs = connect_pairs(words.number("clients"));
  const auto rounds = words.number("rounds");
  Server server(pairs, words.number("batch"));
  Message message{};
  std::uint64_t waits = 0;
  std::chrono::nanoseconds cpu_time{};
  for (std::uint32_t round = 0; round <= rounds; ++round) {
    for (const Pair& pair : pairs) {
      check(::send(pair.peer.get(), message.data(), message.size(), MSG_NOSIGNAL), "send");
    }
    const auto before = variants::thread_cpu_time();
    const auto waited = server.answer(pairs.size());
    if (round > 0) {  // the first only warms up
      cpu_time += variants::thread_cpu_time() - before;
      waits += waited;
    }
    for (const Pair& pair : pairs) {
      check(::recv(pair.peer.get(), message.data(), message.size(), MSG_WAITALL), "recv");
    }
  }
  return {{"messages", pairs.size() * rounds},
          {"waits", waits},
          {"cpu_seconds", variants::seconds(cpu_time)}};
}

const variants::Variant known("batches", batches);

}  // namespace
