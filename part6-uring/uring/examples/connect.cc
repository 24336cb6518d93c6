// Connects to the first of several addresses that answers.
// Try it: ./connect 5882 192.0.2.1 ::1 127.0.0.1

#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

#include "uring/loop.h"

using namespace std::chrono_literals;

uring::Task<uring::Result<uring::Fd>> connect_to_first(uring::Loop& loop,
                                                       std::span<const uring::Address> addresses) {
  auto error = std::make_error_code(std::errc::address_not_available);
  for (const uring::Address& address : addresses) {
    auto socket = co_await loop.socket(address.family(), SOCK_STREAM, 0);
    if (!socket) co_return std::unexpected(socket.error());
    const auto connected = co_await loop.connect(*socket, address).within(250ms);
    if (connected) co_return std::move(*socket);
    error = connected.error();
    if (error == uring::Error::cancelled) break;  // the caller wants no more
  }
  co_return std::unexpected(error);
}

uring::Task<int> report(uring::Loop& loop, std::span<const uring::Address> addresses) {
  const auto socket = co_await connect_to_first(loop, addresses);
  if (!socket) {
    std::printf("%s\n", socket.error().message().c_str());
    co_return 1;
  }
  uring::Address peer;
  socklen_t size = uring::Address::capacity();
  (void)::getpeername(socket->get(), peer.data(), &size);
  std::printf("connected to %s\n", peer.to_string().c_str());
  co_return 0;
}

int main(int argc, char** argv) {
  std::vector<uring::Address> addresses;
  for (int i = 2; i < argc; ++i) {
    const auto address =
        uring::Address::parse(argv[i], static_cast<std::uint16_t>(std::atoi(argv[1])));
    if (!address) {
      std::printf("%s is no address\n", argv[i]);
      return 2;
    }
    addresses.push_back(*address);
  }
  const auto loop = uring::Loop::create({});
  if (!loop) {
    std::puts(uring::explain(loop.error()).c_str());
    return 1;
  }
  return (*loop)->run(report(**loop, addresses));
}
