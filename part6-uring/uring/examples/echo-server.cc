// Echoes bytes to any number of clients, on one thread.
// Try it: ./echo-server 5882   then, in another terminal: ncat 127.0.0.1 5882

#include <cstdio>
#include <cstdlib>

#include "uring/loop.h"

// [serve]
uring::Task<> serve(uring::Loop& loop, uring::Fd client) {
  std::array<std::byte, 4096> buffer;
  while (true) {
    const auto received = co_await loop.recv(client, buffer).within(std::chrono::seconds(60));
    if (!received || *received == 0) co_return;
    const auto answer = std::span(buffer).first(*received);
    if (!co_await loop.send(client, answer, MSG_WAITALL)) co_return;
  }
}

uring::Task<std::error_code> accept_clients(uring::Loop& loop, const uring::Fd& listener) {
  uring::Scope clients(loop);
  while (true) {
    auto accepted = co_await loop.accept(listener);
    if (!accepted) co_return accepted.error();
    clients.spawn(serve(loop, std::move(accepted->fd)));
  }
}
// [/serve]

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
  const auto address = uring::Address::parse("127.0.0.1", port);
  const auto listener = uring::listen_on(*address);
  if (!listener) {
    std::perror("listen");
    return 1;
  }
  const auto loop = uring::Loop::create({});
  if (!loop) {
    std::puts(uring::explain(loop.error()).c_str());
    return 1;
  }

  std::printf("listening on %s\n", uring::Address::of_socket(*listener)->to_string().c_str());
  std::fflush(stdout);
  const auto error = (*loop)->run(accept_clients(**loop, *listener));
  std::fprintf(stderr, "stopped: %s\n", error.message().c_str());
  return 1;
}
