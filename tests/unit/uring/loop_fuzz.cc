// Random operations, links, races, streams, signals and joins, which are timed, cancelled and
// destroyed at random. Promised is, and checked after each round: whatever began has ended, every
// byte that was sent is received by an operation that says so, and nothing waits for ever.
// Try it: ./uring_fuzz --seconds 60 --ring entries=4,buffers=2
// It names the round that fails: ./uring_fuzz --seed N --rounds 1 repeats it, as far as the kernel
// does the same.

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "fuzz_tasks.h"
#include "fuzz_world.h"
#include "uring/loop.h"
#include "uring/scope.h"

namespace {

using namespace std::chrono_literals;
using fuzz::any_task;
using fuzz::Pipe;
using fuzz::World;
using std::chrono::microseconds;
using uring::Canceller;
using uring::Clock;
using uring::Loop;
using uring::Scope;
using uring::Task;

constexpr unsigned hang_s = 60;  // a round takes milliseconds
unsigned round_seed = 0;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "uring_fuzz: seed %u: %s\n", round_seed, what);
  std::abort();
}

void hangs(int) {
  constexpr char text[] = "uring_fuzz: a round hangs\n";
  (void)!::write(STDERR_FILENO, text, sizeof text - 1);
  std::abort();
}

/// What is left in the sockets, and in the mailbox.
Task<> drain(World& world) {
  std::array<std::byte, 4096> bytes;
  for (Pipe& pipe : world.pipes) {
    while (true) {
      const auto got = ::recv(pipe.in->get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (got <= 0) break;
      pipe.received.add(bytes.data(), static_cast<std::size_t>(got));
    }
  }
  while (true) {
    const auto message = co_await world.mailbox.receive().within(0s);
    if (!message) break;
    ++world.fetched;
  }
}

struct Figures {
  std::uint64_t rounds = 0;
  std::uint64_t operations = 0;
  std::uint64_t bytes = 0;
  std::uint64_t checked = 0;  ///< Directions of which every byte was accounted for.
};

Task<> play(Loop& loop, unsigned seed, Figures& figures) {
  const auto buffers = std::move(*uring::Buffers::create(loop, loop.setup().buffers, 256));
  const auto begun = loop.begun();
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
    co_await drain(world);
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
    if (world.fetched != world.posted && !world.mail_is_lossy) fail("messages were lost");
  }
  ++figures.rounds;
  figures.operations += loop.begun() - begun;
}

}  // namespace

int main(int argc, char** argv) {
  unsigned seed = 1;
  std::uint64_t rounds = ~std::uint64_t{0};
  std::chrono::seconds time(2);
  std::string ring;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--seed") seed = static_cast<unsigned>(std::strtoul(argv[i + 1], nullptr, 10));
    if (option == "--rounds") rounds = std::strtoull(argv[i + 1], nullptr, 10);
    if (option == "--seconds") time = std::chrono::seconds(std::atoi(argv[i + 1]));
    if (option == "--ring") ring = argv[i + 1];
  }
  if (argc % 2 == 0 || (argc > 1 && std::strncmp(argv[1], "--", 2) != 0)) {
    std::fprintf(stderr, "usage: %s [--seed N] [--rounds N] [--seconds N] [--ring LIST]\n",
                 argv[0]);
    return 2;
  }
  auto setup = uring::Setup::parse(ring);
  if (!setup) fail("no such ring");
  setup->check_memory = true;
  if (std::signal(SIGALRM, hangs) == SIG_ERR) fail("signal");
  const auto end = Clock::now() + time;
  Figures figures;
  // A loop for a hundred rounds: what one leaves, the next one meets.
  while (figures.rounds < rounds && Clock::now() < end) {
    auto loop = uring::Loop::create(*setup);
    if (!loop) fail(uring::explain(loop.error()).c_str());
    for (int i = 0; i < 100 && figures.rounds < rounds && Clock::now() < end; ++i) {
      round_seed = seed + static_cast<unsigned>(figures.rounds);
      ::alarm(hang_s);
      (*loop)->run(play(**loop, round_seed, figures));
      if ((*loop)->begun() != (*loop)->ended()) fail("something that began has not ended");
    }
  }
  std::printf("%s: %llu rounds, %llu operations, %llu bytes in %llu directions: nothing lost\n",
              ring.c_str(), static_cast<unsigned long long>(figures.rounds),
              static_cast<unsigned long long>(figures.operations),
              static_cast<unsigned long long>(figures.bytes),
              static_cast<unsigned long long>(figures.checked));
  return 0;
}
