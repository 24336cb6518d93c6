// Random operations, links, races, streams, signals and joins, which are timed, cancelled and
// destroyed at random. Promised is, and checked after each round: whatever began has ended, every
// byte that was sent is received by an operation that says so, and nothing waits for ever.
// Try it: ./uring_fuzz --seconds 60 --ring entries=4,buffers=2
// It names the round that fails: ./uring_fuzz --seed N --rounds 1 repeats it, as far as the kernel
// does the same.

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "../sockets.h"
#include "uring/extra/link.h"
#include "uring/extra/mailbox.h"
#include "uring/extra/race.h"
#include "uring/extra/streams.h"
#include "uring/loop.h"
#include "uring/signal.h"

namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;
using uring::Canceller;
using uring::Clock;
using uring::Deadline;
using uring::Loop;
using uring::Result;
using uring::Scope;
using uring::Signal;
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

/// A count of bytes and their sum: so it shows if some were taken for others.
struct Tally {
  std::uint64_t bytes = 0;
  std::uint64_t sum = 0;

  void add(const std::byte* begin, std::size_t count) {
    bytes += count;
    for (std::size_t i = 0; i < count; ++i) sum += std::to_integer<unsigned>(begin[i]);
  }
  bool operator==(const Tally&) const = default;
};

/// One direction of a connection.
struct Pipe {
  const common::Fd* in = nullptr;
  const common::Fd* out = nullptr;
  Tally sent;
  Tally received;
  bool lossy = false;  ///< A coroutine was destroyed that may have had bytes in its hands.
};

constexpr std::size_t pipes_count = 4;
constexpr unsigned limits_count = 3;  ///< Deadlines, and cancellers.
constexpr std::size_t streamed = 0;   ///< Nothing but streams receives from that one.

class World {
 public:
  World(Loop& on, uring::Buffers& from, unsigned seed)
      : loop(on), buffers(from), random_(seed), mailbox(on), signal(on) {
    for (std::size_t i = 0; i < pipes_count; ++i) {
      auto& ends = ends_.at(i / 2);
      if (i % 2 == 0) ends = tests::unix_connection();
      constexpr int small = 4608;  // so that sends fall short, or wait
      pipes.at(i).in = i % 2 == 0 ? &ends.client : &ends.server;
      pipes.at(i).out = i % 2 == 0 ? &ends.server : &ends.client;
      (void)::setsockopt(pipes.at(i).out->get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    }
    for (auto& each : deadlines) each.emplace(loop);
  }

  unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }
  bool once_in(unsigned n) { return below(n) == 0; }

  /// Often long enough for anything, seldom over already.
  std::chrono::nanoseconds timeout() {
    if (once_in(16)) return microseconds(0);
    return once_in(2) ? microseconds(below(300)) : microseconds(20'000);
  }
  Deadline& deadline() { return *deadlines.at(below(limits_count)); }
  Canceller& canceller() { return cancellers.at(below(limits_count)); }
  Pipe& pipe() { return pipes.at(below(pipes_count)); }
  Pipe& pipe_to_receive() { return pipes.at(streamed + 1 + below(pipes_count - 1)); }

  void fill(std::vector<std::byte>& bytes) {
    for (std::byte& each : bytes) each = static_cast<std::byte>(random_());
  }
  std::size_t size() { return once_in(8) ? below(60'000) + 1 : below(64) + 1; }

  Loop& loop;
  uring::Buffers& buffers;
  std::array<Pipe, pipes_count> pipes;
  std::array<std::optional<Deadline>, limits_count> deadlines;
  std::array<Canceller, limits_count> cancellers;

 private:
  std::array<tests::Ends, pipes_count / 2> ends_;
  std::mt19937 random_;

 public:
  uring::Mailbox mailbox;
  Signal signal;
  bool stream_is_read = false;
  std::uint64_t posted = 0;
  std::uint64_t fetched = 0;
  bool mail_is_read = false;
  bool mail_is_lossy = false;
};

/// If the coroutine that has it does not get to done(), what it received may be lost.
class Witness {
 public:
  explicit Witness(bool& lossy) : lossy_(lossy) {}
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  ~Witness() {
    if (!done_) lossy_ = true;
  }
  void done() { done_ = true; }

 private:
  bool& lossy_;
  bool done_ = false;
};

/// Clears a flag at its end, however that comes.
class Flag {
 public:
  explicit Flag(bool& flag) : flag_(flag) { flag_ = true; }
  Flag(const Flag&) = delete;
  Flag& operator=(const Flag&) = delete;
  ~Flag() { flag_ = false; }

 private:
  bool& flag_;
};

/// Limits of every kind.
auto limited(World& world, auto awaitable) {
  return std::move(awaitable)
      .within(world.timeout())
      .cancelled_by(world.canceller())
      .until(world.deadline());
}

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

/// An operation alone, in three shapes.
template <typename Act>
Task<> act(World& world, Pipe& pipe) {
  Act one(world, pipe);
  switch (world.below(4)) {
    case 0:
      one.ended(co_await one.operation(world));
      break;
    case 1:
      one.ended(co_await one.operation(world).within(world.timeout()).shielded());
      break;
    case 2:
      one.ended(co_await one.operation(world).until(world.deadline()));
      break;
    default:
      one.ended(co_await limited(world, one.operation(world)));
  }
}

template <typename First, typename Second>
Task<> link_two(World& world, Pipe& from, Pipe& to) {
  First first(world, from);
  Second second(world, to);
  auto keep = [&](auto results) {
    first.ended(std::get<0>(results));
    second.ended(std::get<1>(results));
  };
  switch (world.below(6)) {
    case 0:
      keep(co_await link(first.operation(world), second.operation(world)));
      break;
    case 1:
      keep(co_await limited(
          world, link(first.operation(world).whatever_happens(), second.operation(world))));
      break;
    case 2:
      keep(co_await link(first.operation(world).within(world.timeout()),
                         second.operation(world).until(world.deadline())));
      break;
    case 3:
      keep(co_await link(limited(world, first.operation(world)).whatever_happens(),
                         limited(world, second.operation(world)).shielded()));
      break;
    case 4:
      keep(co_await link(first.operation(world).shielded(),
                         second.operation(world).cancelled_by(world.canceller()))
               .within(world.timeout()));
      break;
    default:
      keep(co_await limited(world, link(first.operation(world), second.operation(world))));
  }
}

template <typename Third>
Task<> link_three(World& world, Pipe& from, Pipe& also_from, Pipe& to) {
  Receiving first(world, from);
  Receiving second(world, also_from);
  Third third(world, to);
  auto keep = [&](auto results) {
    first.ended(std::get<0>(results));
    second.ended(std::get<1>(results));
    third.ended(std::get<2>(results));
  };
  switch (world.below(4)) {
    case 0:
      keep(co_await link(first.operation(world).whatever_happens(),
                         second.operation(world).whatever_happens(), third.operation(world))
               .until(world.deadline()));
      break;
    case 1:
      keep(co_await link(first.operation(world).within(world.timeout()), second.operation(world),
                         third.operation(world)));
      break;
    case 2:
      keep(co_await link(first.operation(world).whatever_happens(),
                         second.operation(world).cancelled_by(world.canceller()).whatever_happens(),
                         third.operation(world).until(world.deadline())));
      break;
    default:  // in the smallest ring this is too long
      keep(co_await link(limited(world, first.operation(world)).whatever_happens(),
                         limited(world, second.operation(world)),
                         limited(world, third.operation(world))));
  }
}

void take(Pipe& pipe, const Result<uring::Lease>& lease) {
  if (lease) pipe.received.add(lease->bytes().data(), lease->size());
}

/// Reads for a while; what it has when it stops it keeps.
Task<> read_stream(World& world, int rounds) {
  Pipe& pipe = world.pipes[streamed];
  if (world.stream_is_read) co_return;
  const Flag reading(world.stream_is_read);
  Witness witness(pipe.lossy);
  uring::RecvStream stream(world.loop, *pipe.in, world.buffers);
  for (; rounds > 0; --rounds) {
    const auto lease = co_await limited(world, stream.next());
    take(pipe, lease);
    if (!lease && lease.error() == std::errc::no_buffer_space) {
      (void)co_await limited(world, world.buffers.returned());
    }
  }
  co_await stream.stop();
  while (stream.pending()) take(pipe, co_await stream.next().shielded());
  witness.done();
}

Task<> race_for_stream(World& world) {
  Pipe& pipe = world.pipes[streamed];
  if (world.stream_is_read) co_return;
  const Flag reading(world.stream_is_read);
  Witness witness(pipe.lossy);
  uring::RecvStream stream(world.loop, *pipe.in, world.buffers);
  auto next = [](uring::RecvStream& from, Pipe& to) -> Task<> { take(to, co_await from.next()); };
  auto nap = [](World& in) -> Task<> { (void)co_await in.loop.sleep(in.timeout()); };
  for (int i = 0; i < 4; ++i) {
    (void)co_await race(world.loop, next(stream, pipe), nap(world)).within(world.timeout());
  }
  co_await stream.stop();
  while (stream.pending()) take(pipe, co_await stream.next().shielded());
  witness.done();
}

Task<> watch(World& world) {
  uring::PollStream events(world.loop, *world.pipe().in, POLLIN);
  for (int i = 0; i < 3; ++i) (void)co_await limited(world, events.next());
}

Task<> beat(World& world) {
  uring::TimeoutStream beats(world.loop, microseconds(50));
  for (int i = 0; i < 3; ++i) (void)co_await limited(world, beats.next());
  co_await beats.stop();
}

Task<> wait_for_signal(World& world) {
  if (world.once_in(2)) {
    (void)co_await limited(world, world.signal.wait());
  } else {
    (void)co_await world.signal.wait().shielded().within(world.timeout());
  }
}

Task<> post(World& world) {
  Witness witness(world.mail_is_lossy);
  const auto sent =
      co_await world.loop.msg_ring(world.loop.ring_fd(), world.mailbox.user_data(), 1).shielded();
  if (sent) ++world.posted;
  witness.done();
}

Task<> fetch_mail(World& world) {
  if (world.mail_is_read) co_return;
  const Flag reading(world.mail_is_read);
  for (int i = 0; i < 3; ++i) {
    const auto message = co_await limited(world, world.mailbox.receive());
    if (message) ++world.fetched;
  }
}

/// Uses what others wait for.
Task<> meddle(World& world) {
  for (int i = 0; i < 3; ++i) {
    switch (world.below(7)) {
      case 0:
        world.signal.notify_one();
        break;
      case 1:
        world.signal.notify_all();
        break;
      case 2: {
        Canceller& canceller = world.canceller();
        canceller.cancel(world.once_in(2) ? uring::Error::cancelled : uring::Error::timed_out);
        break;
      }
      case 3:
        world.canceller().reset();
        break;
      default:
        world.deadline().renew(Clock::now() + world.timeout());
    }
    (void)co_await world.loop.sleep(microseconds(world.below(200)));
  }
}

Task<> any_task(World& world, int depth);

Task<> nest(World& world, int depth) {
  Scope scope(world.loop);
  for (unsigned i = 0, count = world.below(4); i < count; ++i) {
    scope.spawn(any_task(world, depth - 1));
  }
  const auto joined = co_await limited(world, scope.join());
  if (world.once_in(4)) co_return;  // and destroys what is left
  if (!joined || world.once_in(2)) scope.cancel();
  co_await scope.join();
}

Task<int> number(Task<> task) {
  co_await std::move(task);
  co_return 1;
}

Task<> any_task(World& world, int depth) {
  Pipe& from = world.pipe_to_receive();
  Pipe& also_from = world.pipe_to_receive();
  Pipe& to = world.pipe();
  switch (world.below(depth > 0 ? 19 : 15)) {
    case 0:
    case 1:
      return act<Receiving>(world, from);
    case 2:
    case 3:
      return act<Sending>(world, to);
    case 4:
      return link_two<Receiving, Sending>(world, from, to);
    case 5:
      return link_two<Sending, Receiving>(world, to, from);
    case 6:
      return link_two<Receiving, Receiving>(world, from, also_from);
    case 7:
      return link_three<Sending>(world, from, also_from, to);
    case 8:
      return link_three<Receiving>(world, from, also_from, world.pipe_to_receive());
    case 9:
      return world.once_in(2) ? read_stream(world, 5) : race_for_stream(world);
    case 10:
      return world.once_in(2) ? watch(world) : beat(world);
    case 11:
      return wait_for_signal(world);
    case 12:
      return world.once_in(2) ? post(world) : fetch_mail(world);
    case 13:
    case 14:
      return meddle(world);
    case 15:
      return [](World& in, int levels) -> Task<> {
        (void)co_await race(in.loop, any_task(in, levels), number(any_task(in, levels)))
            .within(in.timeout());
      }(world, depth - 1);
    case 16:
      return [](World& in, int levels) -> Task<> {
        co_await with_timeout(in.loop, any_task(in, levels), in.timeout());
      }(world, depth - 1);
    case 17:
      return [](World& in, int levels) -> Task<> {
        (void)co_await limited(in, scoped(in.loop, number(any_task(in, levels))));
      }(world, depth - 1);
    default:
      return nest(world, depth);
  }
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
  // A loop for a hundred rounds: what one leaves behind the next one meets.
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
