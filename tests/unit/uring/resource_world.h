#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "../sockets.h"
#include "fuzz_main.h"
#include "fuzz_world.h"
#include "uring/buffers.h"
#include "uring/loop.h"

// What the tasks share that own something: descriptors, slots, buffers, memory of the kernel's.
namespace fuzz {

/// Bytes that tell whose they are and where they belong. No two streams of a process have the same.
class Pattern {
 public:
  Pattern() : key_(next_key++) {}
  explicit Pattern(std::uint32_t key) : key_(key) {}

  std::uint32_t key() const { return key_; }
  std::vector<std::byte> bytes(std::size_t position, std::size_t size) const {
    std::vector<std::byte> made(size);
    for (std::size_t i = 0; i < size; ++i) made[i] = at(position + i);
    return made;
  }
  /// Fails if they are another's, or not those that come next.
  void demand(std::span<const std::byte> bytes, std::size_t position) const {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (bytes[i] != at(position + i)) fail("bytes are another's, or in another place");
    }
  }

 private:
  std::byte at(std::size_t position) const {
    const auto mixed = (key_ * 0x9E3779B1U) ^ (static_cast<std::uint32_t>(position) * 0x85EBCA6BU);
    return static_cast<std::byte>((mixed ^ (mixed >> 15)) >> 8);
  }
  static inline std::uint32_t next_key = 1;
  std::uint32_t key_;
};

constexpr unsigned slots_count = 32;

/// Two rounds of eight are calm: nothing is cancelled, nothing has a limit that could pass, and so
/// nothing may fail. In the others an error must at least be one that exists.
class Resources : public Chance {
 public:
  Resources(uring::Loop& on, uring::Buffers& from, unsigned seed, Figures& counted)
      : Chance(on, seed), calm(seed / 2 % 4 == 0), buffers(from), figures(counted) {}

  std::chrono::nanoseconds limit() { return calm ? std::chrono::hours(1) : timeout(); }

  /// What became of an operation: true, it has succeeded.
  template <typename T>
  bool succeeded(const uring::Result<T>& result, const char* what) {
    if (result) return true;
    const std::error_code error = result.error();
    const bool exists = error.category() != std::system_category() || error.value() <= errno_max;
    if (exists && (!calm || ending)) return false;
    std::fprintf(stderr, "%s: %s\n", what, error.message().c_str());
    fail(exists ? "in a calm round nothing fails" : "there is no such error");
  }

  /// Of a stream that has ended and was not disturbed: all of it must be there.
  void demand_all(std::size_t got, std::size_t sent) {
    if (got > sent || (calm && got < sent)) fail("bytes were lost, or made up");
    ++figures.checked;
    figures.bytes += got;
  }

  std::size_t size() { return once_in(8) ? below(30'000) + 1 : below(400) + 1; }

  const bool calm;
  bool ending = false;  ///< The servers are told to end.
  uring::Buffers& buffers;
  Figures& figures;
  common::Fd listener =
      std::move(*common::listen_on(tests::on_free_port(), common::SocketMode::blocking));
  const common::Address address = *common::Address::of_socket(listener);

 private:
  static constexpr int errno_max = EHWPOISON;
};

/// What `make` makes, an operation, in one of the shapes that a program may give it.
template <typename Make>
auto tried(Resources& world, Make make)
    -> uring::Task<decltype(make().operator co_await().await_resume())> {
  const unsigned shape = world.below(world.calm ? 4 : 6);
  switch (shape) {
    case 0:
      co_return co_await make();
    case 1:
      co_return co_await make().async().within(world.limit());
    case 2:
      co_return co_await make().within(world.limit());
    case 3:
      co_return co_await make().async().until(world.deadline()).cancelled_by(world.canceller());
    case 4:
      co_return co_await make().until(world.deadline()).shielded().within(world.limit());
    default:
      co_return co_await limited(world, make());
  }
}

}  // namespace fuzz
