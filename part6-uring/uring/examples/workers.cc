// Echoes bytes with a loop in each of several threads, until SIGTERM or SIGINT.
// Try it: ./workers 5882 4   then, in another terminal: ncat 127.0.0.1 5882

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

#include "uring/loop.h"

uring::Task<> serve(uring::Loop& loop, uring::Fd client) {
  std::array<std::byte, 4096> buffer;
  while (true) {
    const auto received = co_await loop.recv(client, buffer).within(std::chrono::seconds(60));
    if (!received || *received == 0) co_return;
    const auto sent = co_await loop.send(client, std::span(buffer).first(*received), MSG_WAITALL);
    if (!sent) co_return;
  }
}

uring::Task<> accept_until_stopped(uring::Loop& loop, const uring::Fd& listener) {
  uring::Scope clients(loop);
  while (true) {
    auto accepted = co_await loop.accept(listener);
    if (!accepted) break;
    clients.spawn(serve(loop, std::move(accepted->fd)));
  }
  clients.cancel();
  co_await clients.join();
}

void work(const uring::Fd& listener) {
  const auto loop = uring::Loop::create({});  // by the thread that runs it
  if (!loop) {
    std::puts(uring::why_no_ring(loop.error()).c_str());
    return;
  }
  (*loop)->run(accept_until_stopped(**loop, listener));
}

void run_workers(const uring::Fd& listener, int threads, const sigset_t& stop) {
  std::vector<std::jthread> workers;
  for (int i = 0; i < threads; ++i) workers.emplace_back(work, std::cref(listener));
  int signal = 0;
  (void)::sigwait(&stop, &signal);
  (void)::shutdown(listener.get(), SHUT_RDWR);  // every accept ends with EINVAL
}

int main(int argc, char** argv) {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  (void)::pthread_sigmask(SIG_BLOCK, &stop, nullptr);  // before there are threads: they inherit it

  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
  const auto listener = uring::listen_on(*uring::Address::parse("127.0.0.1", port));
  if (!listener) {
    std::puts(listener.error().message().c_str());
    return 1;
  }
  std::printf("listening on %s\n", uring::Address::of_socket(*listener)->to_string().c_str());
  std::fflush(stdout);
  run_workers(*listener, argc > 2 ? std::atoi(argv[2]) : 2, stop);
  std::puts("stopped");
}
