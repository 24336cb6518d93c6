// Without descriptors: which calls fail, and what happens to a new connection.

#include <chrono>

#include "common/net/listen.h"
#include "fixture.h"
#include "no_more_descriptors.h"

namespace {

using namespace tests;
using common::Fd;
using common::SocketMode;

/// A listener, and a client that nobody has accepted yet.
struct QueuedConnection {
  Fd listener = *common::listen_on(tests::on_free_port(), SocketMode::blocking);
  Fd client = tests::connect_to(*common::Address::of_socket(listener));
};

CO_TEST_F(Uring, ANewConnectionWithoutADescriptorWaitsForOne) {
  const QueuedConnection new_connection;
  {
    const NoMoreDescriptors shortage;
    EXPECT_THAT(co_await loop.accept(new_connection.listener),
                FailedWith(std::errc::too_many_files_open));
  }
  const auto accepted = co_await loop.accept(new_connection.listener).within(10s);
  EXPECT_THAT(accepted, Succeeded());
}

}  // namespace
