// Forwards TCP connections to another address, both directions at a time.
// Try it: ./proxy 8080 127.0.0.1 5882   then, in another terminal: ncat 127.0.0.1 8080

#include <netinet/tcp.h>

#include <cstdio>
#include <cstdlib>

#include "uring/condition.h"
#include "uring/loop.h"

using namespace std::chrono_literals;

struct Limits {
  std::size_t connections;
  std::chrono::milliseconds idle;  // without a byte in either direction
  std::chrono::milliseconds connect = 5s;
};

/// All of it, however slowly the peer takes it, as long as it takes some.
uring::Task<uring::Status> send_all(uring::Loop& loop, const uring::Fd& to, uring::ConstBytes bytes,
                                    uring::Deadline& idle, const Limits& limits) {
  while (!bytes.empty()) {
    const auto sent = co_await loop.send(to, bytes).until(idle);
    if (!sent) co_return std::unexpected(sent.error());
    bytes = bytes.subspan(*sent);
    idle.renew(loop.now() + limits.idle);
  }
  co_return uring::Status();
}

/// After a failure of one connection, the other ends with a reset when it is closed: its peer must
/// not take what was cut short for the end of a stream. A time that is over is no such failure.
void pass_on(std::error_code failure, const uring::Fd& other) {
  if (failure == uring::Error::timed_out || failure == uring::Error::cancelled) return;
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  (void)::setsockopt(other.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

/// Carries bytes one way until the end of the stream, and passes that on. A failure ends the other
/// direction as well.
uring::Task<> pump(uring::Loop& loop, const uring::Fd& from, const uring::Fd& to,
                   uring::Deadline& idle, const Limits& limits, uring::Scope& both) {
  std::array<std::byte, 16 * 1024> buffer;
  while (true) {
    const auto received = co_await loop.recv(from, buffer).until(idle);
    if (!received) {
      pass_on(received.error(), to);
      break;
    }
    if (*received == 0) {
      (void)co_await loop.shutdown(to, SHUT_WR);  // half-close: the other direction goes on
      co_return;
    }
    idle.renew(loop.now() + limits.idle);
    const auto bytes = std::span(buffer).first(*received);
    const auto sent = co_await send_all(loop, to, bytes, idle, limits);
    if (!sent) {
      pass_on(sent.error(), from);
      break;
    }
  }
  both.cancel();
}

uring::Task<> forward(uring::Loop& loop, uring::Fd client, const uring::Address& target,
                      const Limits& limits) {
  const auto server = co_await loop.socket(target.family(), SOCK_STREAM, 0);
  if (!server) co_return;
  const int on = 1;
  (void)::setsockopt(server->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto connected = co_await loop.connect(*server, target).within(limits.connect);
  if (!connected) co_return;

  uring::Deadline idle(loop, loop.now() + limits.idle);
  uring::Scope both(loop);
  both.spawn(pump(loop, client, *server, idle, limits, both));
  both.spawn(pump(loop, *server, client, idle, limits, both));
  co_await both.join();
}

class Proxy {
 public:
  Proxy(uring::Loop& loop, const uring::Address& target, const Limits& limits)
      : loop_(loop), target_(target), limits_(limits), left_(loop) {}

  /// Until accepting fails for good. Those for which there is no room wait in the backlog.
  uring::Task<std::error_code> run(const uring::Fd& listener) {
    uring::Scope clients(loop_);
    while (true) {
      while (connections_ == limits_.connections) {
        if (const auto told = co_await left_.wait(); !told) co_return told.error();
      }
      auto accepted = co_await loop_.accept(listener);
      if (accepted) {
        ++connections_;
        clients.spawn(serve(std::move(accepted->fd)));
      } else if (uring::is_transient_accept_error(accepted.error())) {
        (void)co_await loop_.sleep(100ms);  // no descriptors: else the loop would spin
      } else {
        co_return accepted.error();
      }
    }
  }

 private:
  uring::Task<> serve(uring::Fd client) {
    co_await forward(loop_, std::move(client), target_, limits_);
    --connections_;
    left_.notify_one();
  }

  uring::Loop& loop_;
  const uring::Address target_;
  const Limits limits_;
  uring::Condition left_;
  std::size_t connections_ = 0;
};

int main(int argc, char** argv) {
  const auto number = [&](int i, int otherwise) {
    return argc > i ? std::atoi(argv[i]) : otherwise;
  };
  const auto target =
      argc < 4 ? std::nullopt : uring::Address::parse(argv[2], std::uint16_t(number(3, 0)));
  if (!target) {
    std::puts("usage: proxy PORT TARGET-ADDRESS TARGET-PORT [CONNECTIONS [IDLE-MS]]");
    return 2;
  }
  const auto listener =
      uring::listen_on(*uring::Address::parse("127.0.0.1", std::uint16_t(number(1, 0))));
  if (!listener) {
    std::puts(listener.error().message().c_str());
    return 1;
  }
  const auto loop = uring::Loop::create({});
  if (!loop) {
    std::puts(uring::why_no_ring(loop.error()).c_str());
    return 1;
  }
  std::printf("listening on %s\n", uring::Address::of_socket(*listener)->to_string().c_str());
  std::fflush(stdout);

  const Limits limits{.connections = std::size_t(number(4, 1000)),
                      .idle = std::chrono::milliseconds(number(5, 60'000))};
  Proxy proxy(**loop, *target, limits);
  const auto error = (*loop)->run(proxy.run(*listener));
  std::fprintf(stderr, "stopped: %s\n", error.message().c_str());
  return 1;
}
