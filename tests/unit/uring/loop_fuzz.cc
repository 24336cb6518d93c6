// Random operations, conditions and joins, with random timeouts, cancels and destruction. Each
// round checks the promises: whatever began has ended, an operation received every byte that was
// sent and says so, and nothing waits forever.
//
// Try it: ./uring_fuzz --seconds 60 --ring entries=4,buffers=2

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <utility>
#include <vector>

#include "fuzz_main.h"
#include "fuzz_world.h"
#include "uring/loop.h"
#include "uring/scope.h"

namespace fuzz {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;
using uring::Canceller;
using uring::Loop;
using uring::Result;
using uring::Scope;
using uring::Task;

/// Returns a random task. With `depth`, it may also be a scope with such tasks.
Task<> any_task(World& world, int depth);

class Receiving {
 public:
  Receiving(World& world, Pipe& pipe) : pipe_(pipe), witness_(pipe.lossy), bytes_(world.size()) {}

  auto operation(World& world) { return world.loop.recv(*pipe_.in, bytes_); }
  void ended(const Result<std::size_t>& result) {
    if (result) pipe_.received.add(bytes_.data(), *result);
    witness_.done();
  }

 private:
  Pipe& pipe_;
  Witness witness_;
  std::vector<std::byte> bytes_;
};

class Leasing {
 public:
  Leasing(World& /*world*/, Pipe& pipe) : pipe_(pipe), witness_(pipe.lossy) {}

  auto operation(World& world) { return world.loop.recv(*pipe_.in, world.buffers); }
  void ended(const Result<uring::Lease>& result) {
    if (result) pipe_.received.add(result->bytes().data(), result->size());
    witness_.done();
  }

 private:
  Pipe& pipe_;
  Witness witness_;
};

class Sending {
 public:
  Sending(World& world, Pipe& pipe)
      : pipe_(pipe),
        witness_(pipe.lossy),
        bytes_(world.size()),
        flags_(world.once_in(2) ? MSG_WAITALL : 0) {
    world.fill(bytes_);
  }

  auto operation(World& world) { return world.loop.send(*pipe_.out, bytes_, flags_); }
  void ended(const Result<std::size_t>& result) {
    if (result) pipe_.sent.add(bytes_.data(), *result);
    witness_.done();
  }

 private:
  Pipe& pipe_;
  Witness witness_;
  std::vector<std::byte> bytes_;
  int flags_;
};

/// Performs a single operation, in one of four shapes.
template <typename Act>
Task<> act(World& world, Pipe& pipe) {
  Act one(world, pipe);
  switch (world.below(4)) {
    case 0:
      one.ended(co_await one.operation(world));
      break;
    case 1:
      one.ended(co_await one.operation(world).within(world.timeout()));
      break;
    case 2:
      one.ended(co_await one.operation(world).until(world.deadline()));
      break;
    default:
      one.ended(co_await limited(world, one.operation(world)));
  }
}

Task<> wait_for_signal(World& world) { (void)co_await limited(world, world.condition.wait()); }

/// Changes the conditions, deadlines and cancellers that others wait for.
Task<> meddle(World& world) {
  for (int i = 0; i < 3; ++i) {
    switch (world.below(8)) {
      case 0:
        world.condition.notify_one();
        break;
      case 1:
        world.condition.notify_all();
        break;
      default:
        world.meddle();
    }
    (void)co_await world.loop.sleep(microseconds(world.below(200)));
  }
}

Task<> nest(World& world, int depth) {
  Scope scope(world.loop);
  for (unsigned i = 0, count = world.below(4); i < count; ++i) {
    scope.spawn(any_task(world, depth - 1));
  }
  const auto joined = co_await limited(world, scope.join());
  if (world.once_in(4)) co_return;  // which destroys the rest
  if (!joined || world.once_in(2)) scope.cancel();
  co_await scope.join();
}

Task<> any_task(World& world, int depth) {
  Pipe& from = world.pipe();
  Pipe& to = world.pipe();
  switch (world.below(depth > 0 ? 13 : 9)) {
    case 0:
    case 1:
      return act<Receiving>(world, from);
    case 2:
    case 3:
      return act<Sending>(world, to);
    case 4:
      return act<Leasing>(world, from);
    case 5:
      return wait_for_signal(world);
    case 6:
    case 7:
    case 8:
      return meddle(world);
    default:
      return nest(world, depth);
  }
}

/// Receives the bytes that are still in the sockets.
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
        // Some await things that won't happen, without a limit, so they end with their scope.
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
