// Echoes bytes to any number of clients, on one thread, until SIGTERM comes.
// Try it: ./echo-server 5882   then, in another terminal: ncat 127.0.0.1 5882

#include <sys/signalfd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "uring/loop.h"

using namespace std::chrono_literals;

// [serve]
uring::Task<> serve(uring::Loop& loop, uring::Fd client) {
  std::array<std::byte, 2048> buffer;
  while (true) {
    const auto received = co_await loop.recv(client, buffer).within(60s);
    if (!received || *received == 0) co_return;
    const auto answer = std::span(buffer).first(*received);
    const auto sent = co_await loop.send(client, answer, MSG_WAITALL).within(60s);
    if (!sent || *sent < answer.size()) co_return;
  }
}

uring::Task<std::error_code> accept_clients(uring::Loop& loop, const uring::Fd& listener,
                                            uring::Scope& clients, uring::Canceller& stop) {
  while (true) {
    auto accepted = co_await loop.accept(listener).cancelled_by(stop);
    if (accepted) {
      clients.spawn(serve(loop, std::move(accepted->fd)));
    } else if (uring::is_transient_accept_error(accepted.error())) {
      (void)co_await loop.sleep(100ms);  // no descriptors: until some clients leave
    } else {
      co_return accepted.error();
    }
  }
}
// [/serve]

// [end]
uring::Task<> receive_signal(uring::Loop& loop, const uring::Fd& signals, uring::Canceller& stop) {
  signalfd_siginfo info;
  (void)co_await loop.read(signals, std::as_writable_bytes(std::span(&info, 1)));
  stop.cancel();
}

/// Serves until a signal comes, or accepting fails. Connected clients then have five more seconds.
uring::Task<> serve_until_told(uring::Loop& loop, uring::Fd listener, const uring::Fd& signals) {
  uring::Canceller stop;
  uring::Scope clients(loop);
  uring::Scope waiting(loop);
  waiting.spawn(receive_signal(loop, signals, stop));
  const auto error = co_await accept_clients(loop, listener, clients, stop);
  if (error != uring::Error::cancelled)
    std::fprintf(stderr, "accept: %s\n", error.message().c_str());
  waiting.cancel();
  co_await waiting.join();
  listener = {};  // new clients are refused now
  const auto all_left = co_await clients.join().within(5s);
  if (!all_left) clients.cancel();
  co_await clients.join();
}

/// Makes SIGTERM and ^C wait to be read here, in threads that start from now on, too.
uring::Fd take_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  (void)::sigprocmask(SIG_BLOCK, &set, nullptr);
  return uring::Fd(::signalfd(-1, &set, SFD_CLOEXEC));
}
// [/end]

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
  const auto address = uring::Address::parse("127.0.0.1", port);
  auto listener = uring::listen_on(*address);
  if (!listener) {
    std::perror("listen");
    return 1;
  }
  const auto signals = take_signals();
  const auto loop = uring::Loop::create({});
  if (!loop) {
    std::puts(uring::why_no_ring(loop.error()).c_str());
    return 1;
  }

  std::printf("listening on %s\n", uring::Address::of_socket(*listener)->to_string().c_str());
  std::fflush(stdout);
  (*loop)->run(serve_until_told(**loop, std::move(*listener), signals));
}
