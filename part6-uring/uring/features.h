#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "uring/error.h"

namespace uring {

/// What a kernel newer than Linux 6.1 may have, and a loop can do without. What 6.1 has is there:
/// Ring::create() refuses older kernels. In the order of the names in features.cc.
enum class Feature : std::uint8_t {
  multishot_timeout,  ///< One request is a beat. Since 6.4.
};
inline constexpr std::size_t features_count = 1;

std::string_view name_of(Feature feature);

/// A set of features. All are in it at first: what the kernel lacks is taken out.
class Features {
 public:
  bool has(Feature feature) const { return (bits_ & bit(feature)) != 0; }
  void remove(Feature feature) { bits_ &= ~bit(feature); }
  void clear() { bits_ = 0; }

  /// Their names, with spaces between.
  std::string to_string() const;

 private:
  static constexpr std::uint32_t bit(Feature feature) {
    return std::uint32_t{1} << static_cast<unsigned>(feature);
  }
  std::uint32_t bits_ = (std::uint32_t{1} << features_count) - 1;
};

/// How a ring is to be set up.
struct Setup {
  std::uint32_t entries = 256;  ///< Submissions between two system calls; not what is in flight.
  std::uint32_t buffers = 256;  ///< For Buffers, a power of two.
  std::size_t buffer_bytes = 20 * 1024;  ///< A message of 16 KiB and its header fit.
  Features features;                     ///< What may be used if the kernel has it.
  bool sqpoll = false;                   ///< A kernel thread submits: needs no call, burns a core.
  bool check_memory = false;             ///< FramePool::check_memory().
  bool disabled = false;                 ///< Does nothing before Ring::enable().
  std::chrono::nanoseconds spin{};       ///< How long to poll the ring before sleeping.

  /// From what `--ring` takes: `entries=4,buffers=2,no-multishot-timeout,…`. `no-NAME` switches off
  /// a feature, `none` all of them; `sqpoll` and `check-memory` switch on. Error: invalid_argument.
  static Result<Setup> parse(std::string_view list);
};

/// What `--ring` takes, in a line.
std::string setup_syntax();

}  // namespace uring
