#include "conversations.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <utility>
#include <vector>

namespace fuzz {
namespace {

using uring::Descriptor;
using uring::Result;
using uring::Scope;
using uring::Task;

/// By the ring, or by the destructor.
template <typename Owner>
Task<> close_somehow(Resources& world, Owner owner) {
  if (world.once_in(2)) co_return;
  const auto closed = co_await tried(world, [&] { return world.loop.close(std::move(owner)); });
  if (!closed && closed.error() == std::errc::bad_file_descriptor) fail("closed twice");
}

Task<bool> send_all(Resources& world, Descriptor fd, std::span<const std::byte> bytes) {
  const auto sent = co_await tried(world, [&] { return world.loop.send(fd, bytes, MSG_WAITALL); });
  co_return world.succeeded(sent, "send") && *sent == bytes.size();
}

/// False: there will be none.
Task<bool> wait_for_buffer(Resources& world) {
  const auto returned = co_await world.buffers.returned().within(world.limit());
  co_return returned.has_value();
}

/// One receive into a buffer of the kernel's choice, once there is one. Empty: the end. Not
/// async(): a worker takes the buffer before it waits, and two that wait have both of a tiny ring.
Task<uring::Lease> receive_lease(Resources& world, Descriptor fd) {
  while (true) {
    const auto when = world.once_in(2) ? uring::ReceiveWhen::readable : uring::ReceiveWhen::now;
    auto lease = co_await world.loop.recv(fd, world.buffers, when)
                     .within(world.limit())
                     .cancelled_by(world.canceller())
                     .until(world.deadline());
    if (lease) co_return std::move(*lease);
    if (lease.error() != std::errc::no_buffer_space) {
      (void)world.succeeded(lease, "receive a lease");
      co_return uring::Lease();
    }
    const bool returned = co_await wait_for_buffer(world);
    if (!returned) co_return uring::Lease();
  }
}

// The ways to serve.

Task<> echo_from_own_memory(Resources& world, Descriptor fd) {
  std::vector<std::byte> bytes(1 + world.below(500));
  while (true) {
    const auto got = co_await tried(world, [&] { return world.loop.recv(fd, bytes); });
    const bool received = world.succeeded(got, "receive");
    if (!received || *got == 0) co_return;
    const bool sent = co_await send_all(world, fd, std::span(bytes).first(*got));
    if (!sent) co_return;
  }
}

Task<> echo_leases(Resources& world, Descriptor fd) {
  while (true) {
    const auto lease = co_await receive_lease(world, fd);
    if (lease.empty()) co_return;
    const bool sent = co_await send_all(world, fd, lease.bytes());
    if (!sent) co_return;
  }
}

template <typename Owner>
Task<> serve(Resources& world, Owner client) {
  if (world.once_in(2)) {
    co_await echo_from_own_memory(world, client);
  } else {
    co_await echo_leases(world, client);
  }
  co_await close_somehow(world, std::move(client));
}

// The ways to accept.

Task<> accept_one_by_one(Resources& world, Scope& clients) {
  for (int failures = 0; failures < 3;) {
    auto accepted = co_await tried(world, [&] { return world.loop.accept(world.listener); });
    if (world.succeeded(accepted, "accept")) {
      clients.spawn(serve(world, std::move(accepted->fd)));
    } else {
      ++failures;
    }
  }
}

Task<> accept_in_slots(Resources& world, Scope& clients) {
  for (int failures = 0; failures < 3;) {
    auto accepted = co_await tried(world, [&] { return world.loop.accept_direct(world.listener); });
    if (world.succeeded(accepted, "accept into a slot")) {
      clients.spawn(serve(world, std::move(*accepted)));
    } else {
      ++failures;
    }
  }
}

// The client's side.

Task<> say(Resources& world, Descriptor fd, Pattern pattern, std::size_t size) {
  std::size_t said = 0;
  while (said < size) {
    const auto part = pattern.bytes(said, std::min<std::size_t>(size - said, world.size()));
    const bool sent = co_await send_all(world, fd, part);
    if (!sent) co_return;  // and the answers end when the connection does
    said += part.size();
  }
  const auto ended = co_await tried(world, [&] { return world.loop.shutdown(fd, SHUT_WR); });
  (void)world.succeeded(ended, "shutdown");
}

Task<> hear(Resources& world, Descriptor fd, Pattern pattern, std::size_t size) {
  std::size_t heard = 0;
  std::vector<std::byte> bytes(1 + world.below(2000));
  while (true) {
    if (world.once_in(2)) {
      const auto lease = co_await receive_lease(world, fd);
      if (lease.empty()) break;
      pattern.demand(lease.bytes(), heard);
      heard += lease.size();
    } else {
      const auto got = co_await tried(world, [&] { return world.loop.recv(fd, bytes); });
      if (!world.succeeded(got, "receive an answer") || *got == 0) break;
      pattern.demand(std::span(bytes).first(*got), heard);
      heard += *got;
    }
  }
  world.demand_all(heard, size);
}

}  // namespace

Task<> accept_clients(Resources& world, Scope& clients) {
  return world.once_in(2) ? accept_one_by_one(world, clients) : accept_in_slots(world, clients);
}

Task<> talk(Resources& world) {
  auto socket = co_await tried(world, [&] { return world.loop.socket(AF_INET, SOCK_STREAM, 0); });
  if (!world.succeeded(socket, "socket")) co_return;
  const auto connected =
      co_await tried(world, [&] { return world.loop.connect(*socket, world.address); });
  if (world.succeeded(connected, "connect")) {
    const Pattern pattern;
    const std::size_t size = world.size();
    Scope both(world.loop);
    both.spawn(say(world, *socket, pattern, size));
    co_await hear(world, *socket, pattern, size);
    if (!world.calm) both.cancel();
    co_await both.join();
  }
  co_await close_somehow(world, std::move(*socket));
}

}  // namespace fuzz
