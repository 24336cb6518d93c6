// Datagrams, each with its sender, in buffers that the kernel chooses.

#include <sys/socket.h>

#include "fixture.h"
#include "uring/extra/datagrams.h"

namespace {

using tests::bytes_of;
using tests::FailedWith;
using tests::Succeeded;
using tests::text_of;
using tests::Uring;
using uring::Fd;
using uring::Result;
using uring::Task;

using Size = Result<std::size_t>;

Fd udp_socket(const common::Address& address) {
  Fd socket(::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::bind(socket.get(), address.data(), address.size()), 0);
  return socket;
}

TEST_F(Uring, ReceivesDatagramsWithTheirSenders) {
  for (const char* const host : {"127.0.0.1", "::1"}) {
    const Fd server = udp_socket(tests::on_free_port(host));
    const Fd client = udp_socket(tests::on_free_port(host));
    const auto to = *common::Address::of_socket(server);
    const auto from = common::Address::of_socket(client)->to_string();
    const auto buffers = *uring::Buffers::create(loop, 4, uring::Datagram::overhead_bytes + 8);
    run([&]() -> Task<> {
      uring::DatagramStream datagrams(loop, server, *buffers);
      for (const std::string_view text : {"one", "", "eight ch", "too long for it"}) {
        EXPECT_EQ(co_await loop.sendto(client, bytes_of(text), to), Size(text.size()));
        const auto datagram = co_await datagrams.next();
        EXPECT_THAT(datagram, Succeeded());
        EXPECT_EQ(text_of(datagram->bytes()), text.substr(0, 8));
        EXPECT_EQ(datagram->truncated(), text.size() > 8);
        EXPECT_EQ(datagram->peer().to_string(), from);
      }
    });
  }
}

TEST_F(Uring, DatagramsWithoutABufferWaitInTheSocket) {
  const Fd server = udp_socket(tests::on_free_port());
  const Fd client = udp_socket(tests::on_free_port());
  const auto to = *common::Address::of_socket(server);
  const auto buffers = *uring::Buffers::create(loop, 2, uring::Datagram::overhead_bytes + 8);
  run([&]() -> Task<> {
    for (const char digit : std::string_view("01234")) {
      EXPECT_THAT(co_await loop.sendto(client, bytes_of({&digit, 1}), to), Succeeded());
    }
    uring::DatagramStream datagrams(loop, server, *buffers);
    std::string seen;
    {
      const auto first = co_await datagrams.next();
      const auto second = co_await datagrams.next();
      seen += text_of(first->bytes()) + text_of(second->bytes());
      EXPECT_THAT(co_await datagrams.next(), FailedWith(std::errc::no_buffer_space));
    }
    while (seen.size() < 5) {
      const auto datagram = co_await datagrams.next();
      if (datagram) {
        seen += text_of(datagram->bytes());
      } else if (buffers->available() == 0) {
        (void)co_await buffers->returned();
      }
    }
    EXPECT_EQ(seen, "01234");
  });
}

}  // namespace
