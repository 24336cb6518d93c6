// Out of descriptors: what is refused, and what becomes of a new connection.

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <utility>
#include <vector>

#include "common/net/listen.h"
#include "fixture.h"
#include "no_more_descriptors.h"

namespace {

using namespace tests;
using common::Fd;
using common::SocketMode;

/// A listener, and a client whom nobody has accepted yet.
struct QueuedConnection {
  Fd listener = *common::listen_on(tests::on_free_port(), SocketMode::blocking);
  Fd client = tests::connect_to(*common::Address::of_socket(listener));
};

CO_TEST_F(Uring, ANewcomerWhoFindsNoDescriptorWaitsForOne) {
  const QueuedConnection new_connection;
  {
    const NoMoreDescriptors shortage;
    EXPECT_THAT(co_await loop.accept(new_connection.listener),
                FailedWith(std::errc::too_many_files_open));
  }
  const auto accepted = co_await loop.accept(new_connection.listener).within(10s);
  EXPECT_THAT(accepted, Succeeded());
}

// So a table must never be what limits the number of connections.
TEST_F(Uring, ANewcomerWhoFindsNoSlotIsTurnedAway) {
  ASSERT_THAT(loop.register_files(1), Succeeded());
  run([this]() -> Task<> {
    const QueuedConnection new_connection;
    const auto only = co_await loop.open_direct(loop.working_dir(), "/dev/null", O_RDONLY);
    EXPECT_THAT(only, Succeeded());
    EXPECT_THAT(co_await loop.accept_direct(new_connection.listener),
                FailedWith(std::errc::too_many_files_open_in_system));
    std::array<std::byte, 1> buffer;
    EXPECT_EQ(co_await loop.recv(new_connection.client, buffer).within(10s),
              Result<std::size_t>(0u));
  });
}

}  // namespace
