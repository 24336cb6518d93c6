// Conversations by TCP and UDP, files, pipes, slots, buffers, a futex and threads that post, in all
// the shapes that an operation may have, timed, cancelled and destroyed at random. Promised is, and
// checked: bytes are never another's and come in their order; after each round every descriptor is
// closed, exactly once, every slot and every buffer can be had again, once; what has begun has
// ended; and in a round in which nothing is cancelled nothing fails, and not a byte is missing.
// Try it: ./uring_resource_fuzz --seconds 60 --ring entries=4,buffers=2

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include "conversations.h"
#include "fuzz_main.h"
#include "possessions.h"
#include "resource_world.h"
#include "uring/extra/multishot_streams.h"
#include "uring/extra/race.h"

/// In place of the C library's: a number that is closed twice may be another's the second time.
extern "C" int close(int number) {
  const auto result = ::syscall(SYS_close, number);
  if (result < 0 && errno == EBADF) fuzz::fail("a descriptor is closed twice");
  return static_cast<int>(result);
}

namespace fuzz {
namespace {

using namespace std::chrono_literals;
using uring::Canceller;
using uring::Loop;
using uring::Scope;
using uring::Task;

Task<> any_task(Resources& world, int depth);

Task<> meddle(Resources& world) {
  if (world.calm) co_return;
  for (int i = 0; i < 3; ++i) {
    world.meddle();
    (void)co_await world.loop.sleep(std::chrono::microseconds(world.below(300)));
  }
}

/// Tasks in a scope of their own, which ends when they have, or before.
Task<> nest(Resources& world, int depth) {
  Scope scope(world.loop);
  for (unsigned i = 0, count = world.below(3); i < count; ++i) {
    scope.spawn(any_task(world, depth - 1));
  }
  const auto joined = co_await scope.join().within(world.limit());
  if (!world.calm && world.once_in(4)) co_return;  // and destroys what is left
  if (!joined) scope.cancel();
  co_await scope.join();
}

Task<> any_task(Resources& world, int depth) {
  switch (world.below(depth > 0 ? 13 : 10)) {
    case 0:
    case 1:
    case 2:
      return talk(world);
    case 3:
    case 4:
      return use_file(world);
    case 5:
      return use_pipe(world);
    case 6:
      return use_slots(world);
    case 7:
      return use_futex(world);
    case 8:
      return cancel_by_request(world);
    case 9:
      return meddle(world);
    case 10:
      return [](Resources& in, int levels) -> Task<> {
        co_await with_timeout(in.loop, any_task(in, levels), in.limit());
      }(world, depth - 1);
    default:
      return nest(world, depth);
  }
}

std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                       std::filesystem::directory_iterator());
}

/// Every buffer comes, and none while another lease holds it.
Task<> demand_all_buffers(Loop& loop, uring::Buffers& buffers) {
  if (buffers.lent() != 0) fail("a buffer is still lent");
  const auto ends = tests::unix_connection();
  std::vector<uring::Lease> leases;
  std::set<const std::byte*> places;
  while (buffers.available() > 0) {
    if (::send(ends.client.get(), "x", 1, 0) != 1) fail("send");
    auto lease = co_await loop.start(uring::RecvLease(ends.server, buffers));
    if (!lease) fail("a buffer is lost");
    if (!places.insert(lease->bytes().data()).second) fail("a buffer is lent twice");
    leases.push_back(std::move(*lease));
  }
}

Task<> demand_all_slots(Loop& loop) {
  std::vector<uring::DirectFd> files;
  while (true) {
    auto file = co_await loop.open_direct(loop.working_dir(), "/dev/null", O_RDONLY);
    if (!file) break;
    files.push_back(std::move(*file));
  }
  if (files.size() != slots_count) fail("a slot is lost");
}

Task<> play_with(Resources& world) {
  Scope servers(world.loop);
  Scope clients(world.loop);
  for (int i = 0; i < 2; ++i) servers.spawn(accept_clients(world, servers));
  for (unsigned i = 0, count = 4 + world.below(12); i < count; ++i) {
    clients.spawn(any_task(world, 2));
    if (world.once_in(4)) {
      (void)co_await world.loop.sleep(std::chrono::microseconds(world.below(200)));
    }
  }
  if (world.calm) {
    co_await clients.join();
  } else {
    (void)co_await clients.join().within(world.timeout() / 2);
    if (world.once_in(4)) co_return;  // and destroys all
    for (Canceller& each : world.cancellers) each.cancel();
    const auto joined = co_await clients.join().within(10ms);
    if (!joined) clients.cancel();
    co_await clients.join();
  }
  world.ending = true;
  servers.cancel();
  co_await servers.join();
}

}  // namespace

Task<> play(Loop& loop, unsigned seed, Figures& figures) {
  (void)loop.register_files(slots_count);  // there are some already, after the first round
  const auto before = open_descriptors();
  {
    constexpr std::uint32_t enough = 64;
    const auto buffers =
        std::move(*uring::Buffers::create(loop, std::min(loop.setup().buffers, enough), 512));
    {
      Resources world(loop, *buffers, seed, figures);
      co_await play_with(world);
    }
    co_await demand_all_buffers(loop, *buffers);
    co_await demand_all_slots(loop);
  }
  if (open_descriptors() != before) fail("a descriptor is lost, or closed twice");
}

}  // namespace fuzz
