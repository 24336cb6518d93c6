#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "uring/error.h"

namespace uring {

/// What a kernel may have and a loop can do without, in the order of the names below.
enum class Feature : std::uint8_t {
  single_issuer,      ///< Only one thread submits: spares locks. Since 6.0.
  defer_taskrun,      ///< Completions are made when we ask for them. Since 6.1.
  coop_taskrun,       ///< No interrupt to tell us of completions. Since 5.19.
  registered_ring,    ///< The ring's own descriptor needs no look-up. Since 5.18.
  cqe_skip,           ///< A success may skip its completion. Since 5.17.
  buffer_ring,        ///< Buffers are returned without a system call. Since 5.19.
  multishot_accept,   ///< Since 5.19.
  multishot_recv,     ///< Since 6.0.
  multishot_poll,     ///< Since 5.13.
  multishot_timeout,  ///< Since 6.4.
  direct,             ///< Descriptors in a table of the ring, slots chosen by the kernel. 5.19.
  send_zc,            ///< Sends without copying. Since 6.0.
  msg_ring,           ///< Completions for another ring. Since 5.18.
  bundles,            ///< One receive fills several buffers. Since 6.10.
};
inline constexpr std::size_t features_count = 14;

std::string_view name_of(Feature feature);

/// A set of features. All are in it at first: what the kernel lacks is taken out.
class Features {
 public:
  bool has(Feature feature) const { return (bits_ & bit(feature)) != 0; }
  void remove(Feature feature) { bits_ &= ~bit(feature); }
  void clear() { bits_ = 0; }

  /// `single-issuer defer-taskrun …`
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

  /// From what `--ring` takes: `entries=4,buffers=2,no-multishot,no-defer-taskrun,…`. `no-NAME`
  /// switches off a feature, `no-multishot` all that begin so, `none` everything; `sqpoll` and
  /// `check-memory` switch on. Error: invalid_argument.
  static Result<Setup> parse(std::string_view list);
};

/// What `--ring` takes, in a line.
std::string setup_syntax();

}  // namespace uring
