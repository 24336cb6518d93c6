// Answers every datagram with its own bytes. One request receives them all.
// Try it: ./udp-echo 5882   then, in another terminal: ncat -u 127.0.0.1 5882

#include <cstdio>
#include <cstdlib>

#include "uring/extra/datagrams.h"
#include "uring/loop.h"

uring::Task<std::error_code> echo(uring::Loop& loop, const uring::Fd& socket,
                                  uring::Buffers& buffers) {
  uring::DatagramStream datagrams(loop, socket, buffers);
  while (true) {
    const auto datagram = co_await datagrams.next();
    if (datagram) {
      // What the network may lose anyway may fail here, too.
      (void)co_await loop.sendto(socket, datagram->bytes(), datagram->peer());
    } else if (datagram.error() == std::errc::no_buffer_space) {
      if (buffers.available() == 0) (void)co_await buffers.returned();
    } else {
      co_return datagram.error();
    }
  }
}

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
  const auto address = *uring::Address::parse("127.0.0.1", port);
  const uring::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (::bind(socket.get(), address.data(), address.size()) < 0) {
    std::perror("bind");
    return 1;
  }
  const auto loop = uring::Loop::create({});
  if (!loop) {
    std::puts(uring::explain(loop.error()).c_str());
    return 1;
  }
  constexpr std::size_t largest = 65'507;  // that IPv4 can carry; a longer one would be cut
  const auto buffers =
      uring::Buffers::create(**loop, 16, uring::Datagram::overhead_bytes + largest);
  if (!buffers) {
    std::puts(buffers.error().message().c_str());
    return 1;
  }

  std::printf("listening on %s\n", uring::Address::of_socket(socket)->to_string().c_str());
  std::fflush(stdout);
  const auto error = (*loop)->run(echo(**loop, socket, **buffers));
  std::fprintf(stderr, "stopped: %s\n", error.message().c_str());
  return 1;
}
