// What part 6's server relies on in its clients. tests/protocol checks the rest.

#include "client.h"

#include "fixture.h"
#include "uring/buffers.h"

namespace {

using namespace tests;

// A stop isn't an error of the client, and no line of the log says that it was too slow.
CO_TEST_F(Uring, AStopIsTheEndOfAClientsInput) {
  const auto buffers = *uring::Buffers::create(loop, 2, 64);
  auto ends = tcp_connection();
  stage::Context context{.loop = loop, .buffers = *buffers, .read_timeout = 1h};
  stage::Client client(context, std::move(ends.server));
  Result<common::ByteView> received;
  {
    Scope scope(loop);
    scope.spawn([](stage::Client& from, Result<common::ByteView>& to) -> Task<> {
      to = co_await stage::receive(from);
    }(client, received));
    context.draining = true;
    stage::end_input(client);
    co_await scope.join();
  }
  EXPECT_TRUE(received && received->empty());
  stage::restart_timeout(client);
  EXPECT_THAT(co_await stage::receive(client), Succeeded()) << "it waits for another message";
}

}  // namespace
