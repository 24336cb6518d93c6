// Without descriptors: which calls fail, and what happens to a new connection. Without memory: the
// message.

#include <sys/resource.h>

#include <chrono>
#include <system_error>

#include "common/net/listen.h"
#include "fixture.h"
#include "no_more_descriptors.h"
#include "uring/why_no_ring.h"

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

TEST(UringRefused, AnInfiniteLimitIsNotBlamed) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_MEMLOCK, &before), 0);
  const rlimit none{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  if (::setrlimit(RLIMIT_MEMLOCK, &none) != 0) {
    GTEST_SKIP() << "this process may not lift its limit of locked memory";
  }
  const auto error = std::make_error_code(std::errc::not_enough_memory);
  EXPECT_EQ(uring::why_no_ring(error), "io_uring cannot be used: " + error.message());
  ::setrlimit(RLIMIT_MEMLOCK, &before);
}

}  // namespace
