// Conversations by TCP and UDP, files, pipes, slots, buffers, a futex and threads that post, in all
// the shapes that an operation may have, timed, cancelled and destroyed at random. Promised is, and
// checked: bytes are never another's and come in their order; after each round every descriptor is
// closed, exactly once, every slot and every buffer can be had again, once; what has begun has
// ended; and in a round in which nothing is cancelled nothing fails, and not a byte is missing.
// Try it: ./uring_resource_fuzz --seconds 60 --ring entries=4,buffers=2

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include "conversations.h"
#include "fuzz_main.h"
#include "resource_world.h"
#include "uring/scope.h"
#include "uring/time/deadline.h"

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
using uring::Descriptor;
using uring::Loop;
using uring::Scope;
using uring::Task;

Task<> write_and_read(Resources& world, Descriptor file) {
  const Pattern pattern;
  const auto all = pattern.bytes(0, world.size());
  std::size_t written = 0;
  while (written < all.size()) {
    const auto rest = std::span(all).subspan(written);
    const auto count = co_await tried(world, [&] { return world.loop.write(file, rest, written); });
    if (!world.succeeded(count, "write")) co_return;
    written += *count;
  }
  if (world.once_in(4)) {
    const auto flushed = co_await tried(world, [&] { return world.loop.fsync(file); });
    (void)world.succeeded(flushed, "fsync");
  }
  for (int i = 0; i < 3; ++i) {
    const std::size_t from = world.below(static_cast<unsigned>(all.size()));
    std::vector<std::byte> bytes(1 + world.below(1000));
    const auto got = co_await tried(world, [&] { return world.loop.read(file, bytes, from); });
    if (!world.succeeded(got, "read")) continue;
    world.demand_all(*got, std::min(bytes.size(), all.size() - from));
    pattern.demand(std::span(bytes).first(*got), from);
  }
}

/// Into the pipe, and then ends it.
Task<> fill_pipe(Resources& world, common::Fd in, Pattern pattern, std::size_t size) {
  std::size_t written = 0;
  while (written < size) {
    const auto part = pattern.bytes(written, std::min<std::size_t>(size - written, world.size()));
    const auto count = co_await tried(world, [&] { return world.loop.write(in, part); });
    if (!world.succeeded(count, "write to a pipe")) co_return;
    written += *count;
  }
}

struct PipeEnds {
  PipeEnds() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) < 0) fail("pipe2");
    out = common::Fd(ends[0]);
    in = common::Fd(ends[1]);
  }
  common::Fd out;
  common::Fd in;
};

/// From one pipe to the next, until the end.
Task<> splice_all(Resources& world, Descriptor from, common::Fd to) {
  while (true) {
    const auto moved = co_await tried(
        world, [&] { return world.loop.splice(from, -1, to, -1, 1 + world.below(5000)); });
    const bool succeeded = world.succeeded(moved, "splice");
    if (!succeeded || *moved == 0) co_return;
  }
}

Task<std::size_t> read_pipe(Resources& world, Descriptor out, Pattern pattern) {
  std::size_t read = 0;
  std::vector<std::byte> bytes(1 + world.below(3000));
  while (true) {
    const auto got = co_await tried(world, [&] { return world.loop.read(out, bytes); });
    if (!world.succeeded(got, "read from a pipe") || *got == 0) co_return read;
    pattern.demand(std::span(bytes).first(*got), read);
    read += *got;
  }
}

Task<> sleep_on_futex(Resources& world, const std::uint32_t& word) {
  const auto woken = co_await tried(world, [&] { return world.loop.futex_wait(word, 0); });
  if (!woken && woken.error() == std::errc::resource_unavailable_try_again) co_return;
  (void)world.succeeded(woken, "futex_wait");
}

/// All requests about a descriptor: the loop has no such operation of its own.
class CancelAllOn {
 public:
  using Value = unsigned;  // how many there were
  static constexpr const char* what = "cancel_all_on";
  explicit CancelAllOn(Descriptor fd) : fd_(fd) {}
  void prepare(io_uring_sqe& entry) const {
    io_uring_prep_cancel_fd(&entry, fd_.number(), IORING_ASYNC_CANCEL_ALL);
  }

 private:
  Descriptor fd_;
};

/// Waits for what never comes, until it is cancelled.
template <typename Awaitable>
Task<> wait_until_cancelled(Awaitable waiting, const char* what) {
  const auto ended = co_await std::move(waiting);
  if (!ended && ended.error() == uring::Error::cancelled) co_return;
  if (!ended && ended.error() == uring::Error::timed_out) co_return;  // a scope around it
  std::fprintf(stderr, "%s: %s\n", what, ended ? "success" : ended.error().message().c_str());
  fail("something else than cancelled");
}

Task<> wait_on(Resources& world, Descriptor fd, Canceller& canceller) {
  std::uint64_t count = 0;
  const auto bytes = std::as_writable_bytes(std::span(&count, 1));
  switch (world.below(3)) {
    case 0:
      co_await wait_until_cancelled(world.loop.read(fd, bytes).cancelled_by(canceller), "read");
      break;
    case 1:
      co_await wait_until_cancelled(world.loop.read(fd, bytes).async().cancelled_by(canceller),
                                    "async read");
      break;
    default:
      co_await wait_until_cancelled(world.loop.poll(fd, POLLIN).cancelled_by(canceller), "poll");
  }
}

/// What was written to a file is there.
Task<> use_file(Resources& world) {
  constexpr const char* dir = "/tmp";
  if (world.once_in(2)) {
    auto file = co_await tried(world, [&] {
      return world.loop.openat(world.loop.working_dir(), dir, O_TMPFILE | O_RDWR, 0600);
    });
    if (!world.succeeded(file, "open")) co_return;
    co_await write_and_read(world, *file);
    const auto closed = co_await tried(world, [&] { return world.loop.close(std::move(*file)); });
    if (!closed && closed.error() == std::errc::bad_file_descriptor) fail("closed twice");
  } else {
    auto file = co_await tried(world, [&] {
      return world.loop.open_direct(world.loop.working_dir(), dir, O_TMPFILE | O_RDWR, 0600);
    });
    if (!world.succeeded(file, "open in a slot")) co_return;
    co_await write_and_read(world, *file);
  }
}

/// What goes into a pipe comes out of it, also through a second one.
Task<> use_pipe(Resources& world) {
  PipeEnds pipe;
  PipeEnds next;
  const Pattern pattern;
  const std::size_t size = world.size();
  Scope scope(world.loop);
  scope.spawn(fill_pipe(world, std::move(pipe.in), pattern, size));
  const common::Fd* out = &pipe.out;
  if (world.once_in(2)) {
    scope.spawn(splice_all(world, pipe.out, std::move(next.in)));
    out = &next.out;
  }
  const std::size_t got = co_await read_pipe(world, *out, pattern);
  world.demand_all(got, size);
  if (!world.calm) scope.cancel();
  co_await scope.join();
}

/// Descriptors become slots, and slots descriptors.
Task<> use_slots(Resources& world) {
  auto socket =
      co_await tried(world, [&] { return world.loop.socket_direct(AF_INET, SOCK_DGRAM, 0); });
  if (!world.succeeded(socket, "socket in a slot")) co_return;
  if (world.loop.ring().supports(uring::op_fixed_fd_install)) {
    const auto installed =
        co_await tried(world, [&] { return world.loop.fixed_fd_install(*socket); });
    (void)world.succeeded(installed, "fixed_fd_install");
  }
  if (world.once_in(2)) co_return;
  const auto closed = co_await tried(world, [&] { return world.loop.close(std::move(*socket)); });
  if (!closed && closed.error() == std::errc::bad_file_descriptor) fail("closed twice");
}

/// One sleeps on a futex, one wakes it.
Task<> use_futex(Resources& world) {
  if (!world.loop.ring().supports(uring::op_futex_wait)) co_return;
  std::uint32_t word = 0;
  Scope scope(world.loop);
  const unsigned sleepers = 1 + world.below(3);
  for (unsigned i = 0; i < sleepers; ++i) scope.spawn(sleep_on_futex(world, word));
  (void)co_await world.loop.sleep(std::chrono::microseconds(world.below(100)));
  std::atomic_ref(word).store(1);
  const auto woken = co_await tried(world, [&] { return world.loop.futex_wake(word, sleepers); });
  if (!world.succeeded(woken, "futex_wake")) scope.cancel();
  co_await scope.join();
}

/// Cancels by an operation: one request, or all that are about a descriptor.
Task<> cancel_by_request(Resources& world) {
  const common::Fd counter(::eventfd(0, EFD_CLOEXEC));
  Canceller canceller;
  Scope scope(world.loop);
  const unsigned waiting = 1 + world.below(3);
  for (unsigned i = 0; i < waiting; ++i) scope.spawn(wait_on(world, counter, canceller));
  (void)co_await world.loop.sleep(std::chrono::microseconds(world.below(100)));
  if (world.once_in(2)) {
    (void)co_await world.loop.start(CancelAllOn(counter));
  } else {
    (void)co_await world.loop.cancel(canceller);
  }
  canceller.cancel();  // what was not found, and what comes later
  co_await scope.join();
}

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

/// A task with one deadline for all that it awaits.
Task<> until_a_deadline(Resources& world, int depth) {
  uring::Deadline deadline(world.loop, uring::Clock::now() + world.limit());
  Scope scope(world.loop);
  const uring::Attachment late(deadline, scope);
  scope.spawn(any_task(world, depth));
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
      return until_a_deadline(world, depth - 1);
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
