// Random operations, links, races, streams, signals and joins, which are timed, cancelled and
// destroyed at random. Promised is, and checked after each round: whatever began has ended, every
// byte that was sent is received by an operation that says so, and nothing waits for ever.
// Try it: ./uring_fuzz --seconds 60 --ring entries=4,buffers=2

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <utility>

#include "fuzz_main.h"
#include "fuzz_tasks.h"
#include "fuzz_world.h"
#include "uring/loop.h"
#include "uring/scope.h"

namespace fuzz {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;
using uring::Canceller;
using uring::Loop;
using uring::Scope;
using uring::Task;

/// What is left in the sockets.
void drain(World& world) {
  std::array<std::byte, 4096> bytes;
  for (Pipe& pipe : world.pipes) {
    while (true) {
      const auto got = ::recv(pipe.in->get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (got <= 0) break;
      pipe.received.add(bytes.data(), static_cast<std::size_t>(got));
    }
  }
}

}  // namespace

Task<> play(Loop& loop, unsigned seed, Figures& figures) {
  const auto buffers = std::move(*uring::Buffers::create(loop, loop.setup().buffers, 256));
  {
    World world(loop, *buffers, seed);
    {
      Scope scope(loop);
      for (unsigned i = 0, count = 4 + world.below(20); i < count; ++i) {
        scope.spawn(any_task(world, 2));
        if (world.once_in(4)) (void)co_await loop.sleep(microseconds(world.below(100)));
      }
      (void)co_await scope.join().within(world.timeout() / 4);
      if (!world.once_in(4)) {
        if (!world.once_in(4)) scope.cancel();
        for (Canceller& each : world.cancellers) each.cancel();
        // Some await what will not happen, and have no limit: they end with their scope.
        const auto joined = co_await scope.join().within(30ms);
        if (!joined) scope.cancel();
        co_await scope.join();
      }
    }
    drain(world);
    for (const Pipe& pipe : world.pipes) {
      if (pipe.lossy) continue;
      if (pipe.sent != pipe.received) {
        std::fprintf(stderr, "sent %llu, received %llu\n",
                     static_cast<unsigned long long>(pipe.sent.bytes),
                     static_cast<unsigned long long>(pipe.received.bytes));
        fail("bytes were lost, or made up");
      }
      ++figures.checked;
      figures.bytes += pipe.received.bytes;
    }
  }
}

}  // namespace fuzz
