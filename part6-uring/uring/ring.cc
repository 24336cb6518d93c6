#include "uring/ring.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <utility>
#include <vector>

namespace uring {
namespace {

std::error_code system_error(int result) { return {-result, std::system_category()}; }

std::optional<long> read_number(const char* path) {
  std::ifstream file(path);
  long number = 0;
  if (!(file >> number)) return std::nullopt;
  return number;
}

struct SetupFlag {
  Feature feature;
  unsigned flag;
};

// In the order in which they are given up when the kernel refuses: the newest first. A flag it does
// not know is EINVAL, without a word which.
constexpr SetupFlag setup_flags[] = {
    {Feature::defer_taskrun, IORING_SETUP_DEFER_TASKRUN},
    {Feature::single_issuer, IORING_SETUP_SINGLE_ISSUER},
    {Feature::coop_taskrun, IORING_SETUP_COOP_TASKRUN},
};

unsigned flags_for(const Features& features) {
  unsigned flags = 0;
  for (const SetupFlag& each : setup_flags) {
    if (features.has(each.feature)) flags |= each.flag;
  }
  return flags;
}

/// Features that need another.
void remove_orphans(Features& features, bool sqpoll) {
  if (sqpoll) {  // the submitting thread is the kernel's: EINVAL otherwise
    features.remove(Feature::coop_taskrun);
    features.remove(Feature::defer_taskrun);
  }
  if (!features.has(Feature::single_issuer)) features.remove(Feature::defer_taskrun);
}

/// io_uring_register(2) itself: liburing 2.3 exports the functions for some of its uses not at all,
/// and later ones use a number of the ring that is good in one thread only.
Result<long> do_register(const io_uring& ring, unsigned what, const void* about, unsigned count) {
  const long result = ::syscall(SYS_io_uring_register, ring.ring_fd, what, about, count);
  if (result < 0) return common::last_error();
  return result;
}

/// Sets up a ring with the features there are, and takes out of them those that are refused.
int init(const Setup& setup, Features& features, io_uring& ring) {
  remove_orphans(features, setup.sqpoll);
  for (std::size_t given_up = 0;; ++given_up) {
    io_uring_params params{};
    // IORING_SETUP_NO_SQARRAY stays out: liburing 2.3 would go on writing to the array.
    params.flags = flags_for(features) | IORING_SETUP_SUBMIT_ALL |
                   (setup.sqpoll ? IORING_SETUP_SQPOLL : 0U) |
                   (setup.disabled ? IORING_SETUP_R_DISABLED : 0U);
    params.sq_thread_idle = 100;  // ms
    const int result = io_uring_queue_init_params(setup.entries, &ring, &params);
    if (result != -EINVAL || given_up == std::size(setup_flags)) return result;
    features.remove(setup_flags[given_up].feature);
  }
}

}  // namespace

Result<Ring> Ring::create(const Setup& setup) {
  Ring made;
  Features features = setup.features;
  if (const int result = init(setup, features, made.ring_); result < 0) {
    made.ring_ = {};
    return std::unexpected(system_error(result));
  }
  made.entries_ = made.ring_.sq.ring_entries;
  (void)made.look_for_room();
  // EXT_ARG: waiting with a time-out costs no entry. NODROP: no completion is lost. Since 5.11.
  constexpr unsigned needed = IORING_FEAT_EXT_ARG | IORING_FEAT_NODROP;
  if ((made.ring_.features & needed) != needed) {
    return std::unexpected(std::make_error_code(std::errc::function_not_supported));
  }
  made.probe(features);
  return made;
}

Ring::Ring(Ring&& other) noexcept
    : ring_(std::exchange(other.ring_, {})),
      features_(other.features_),
      entries_(std::exchange(other.entries_, 0)),
      room_end_(other.room_end_) {
  assert(other.taken_ == 0);  // it has not been at work
  std::copy(std::begin(other.known_), std::end(other.known_), std::begin(known_));
}

Ring::~Ring() {
  if (ring_.sq.ring_ptr != nullptr) io_uring_queue_exit(&ring_);
}

/// Finds out which of the permitted features there are. What no question answers directly is known
/// by an operation that came with it or after it.
void Ring::probe(Features permitted) {
  features_ = permitted;
  if (io_uring_probe* probe = io_uring_get_probe_ring(&ring_)) {
    for (int opcode = 0; opcode <= probe->last_op; ++opcode) {
      if (io_uring_opcode_supported(probe, opcode) != 0) {
        known_[opcode / 64] |= std::uint64_t{1} << (opcode % 64);
      }
    }
    io_uring_free_probe(probe);
  }
  // Numbers newer than the header: IORING_OP_FUTEX_WAIT came in 6.7 and is a sign here of
  // multishot timeouts of 6.4; the bundles of 6.10 have IORING_FEAT_RECVSEND_BUNDLE.
  constexpr int op_futex_wait = 51;
  constexpr unsigned feature_bundle = 1U << 14;
  const auto keep = [this](Feature feature, bool there) {
    if (!there) features_.remove(feature);
  };
  keep(Feature::cqe_skip, (ring_.features & IORING_FEAT_CQE_SKIP) != 0);
  keep(Feature::multishot_poll, (ring_.features & IORING_FEAT_RSRC_TAGS) != 0);
  keep(Feature::msg_ring, supports(IORING_OP_MSG_RING));
  keep(Feature::multishot_accept, supports(IORING_OP_SOCKET));
  keep(Feature::direct, supports(IORING_OP_SOCKET));
  keep(Feature::buffer_ring, supports(IORING_OP_SOCKET));
  keep(Feature::multishot_recv, supports(IORING_OP_SEND_ZC));
  keep(Feature::send_zc, supports(IORING_OP_SEND_ZC));
  keep(Feature::multishot_timeout, supports(op_futex_wait));
  keep(Feature::bundles, (ring_.features & feature_bundle) != 0);
  if (features_.has(Feature::registered_ring) && io_uring_register_ring_fd(&ring_) != 1) {
    features_.remove(Feature::registered_ring);
  }
}

bool Ring::supports(int opcode) const {
  return opcode >= 0 && opcode < 256 && (known_[opcode / 64] >> (opcode % 64) & 1) != 0;
}

std::uint32_t Ring::look_for_room() {
  const std::uint32_t left = io_uring_sq_space_left(&ring_);
  room_end_ = ring_.sq.sqe_tail + left;
  return left;
}

Status Ring::submit() {
  give_back_taken();
  const int result = io_uring_submit_and_get_events(&ring_);
  if (result < 0 && result != -EINTR) return std::unexpected(system_error(result));
  return {};
}

Status Ring::submit_and_wait(std::optional<std::chrono::nanoseconds> timeout) {
  give_back_taken();
  int result = 0;
  if (timeout) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(*timeout);
    __kernel_timespec limit{.tv_sec = seconds.count(), .tv_nsec = (*timeout - seconds).count()};
    io_uring_cqe* first = nullptr;
    result = io_uring_submit_and_wait_timeout(&ring_, &first, 1, &limit, nullptr);
  } else {
    result = io_uring_submit_and_wait(&ring_, 1);
  }
  if (result < 0 && result != -EINTR && result != -ETIME) {
    return std::unexpected(system_error(result));
  }
  return {};
}

Result<std::uint16_t> Ring::register_credentials() {
  const auto number = do_register(ring_, IORING_REGISTER_PERSONALITY, nullptr, 0);
  if (!number) return std::unexpected(number.error());
  return static_cast<std::uint16_t>(*number);
}

Status Ring::permit_only(std::span<const int> operations) {
  std::vector<io_uring_restriction> permitted;
  const auto permit = [&permitted](__u16 what, __u8 value) {
    permitted.push_back({.opcode = what, .sqe_op = value, .resv = 0, .resv2 = {}});
  };
  const auto permit_operation = [&](int opcode) {
    if (supports(opcode)) permit(IORING_RESTRICTION_SQE_OP, static_cast<__u8>(opcode));
  };
  for (const int opcode : operations) permit_operation(opcode);
  permit_operation(IORING_OP_ASYNC_CANCEL);
  permit_operation(IORING_OP_LINK_TIMEOUT);
  // How requests are linked and when they are tried gives no right.
  permit(IORING_RESTRICTION_SQE_FLAGS_ALLOWED, 0xff);
  // Done by the ring's end. The kernels without registered rings do not know the number: EINVAL.
  if (features_.has(Feature::registered_ring)) {
    permit(IORING_RESTRICTION_REGISTER_OP, IORING_UNREGISTER_RING_FDS);
  }
  const auto done = do_register(ring_, IORING_REGISTER_RESTRICTIONS, permitted.data(),
                                static_cast<unsigned>(permitted.size()));
  if (!done) return std::unexpected(done.error());
  return {};
}

Status Ring::enable() {
  const auto done = do_register(ring_, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  if (!done) return std::unexpected(done.error());
  return {};
}

/// Whether there are completions that were not taken.
bool Ring::look() {
  give_back_taken();
  seen_ = io_uring_smp_load_acquire(ring_.cq.ktail);
  if (taken_ != seen_) return true;
  // What did not fit waits in the kernel until it is asked for (IORING_FEAT_NODROP).
  if (!io_uring_cq_has_overflow(&ring_)) return false;
  if (io_uring_get_events(&ring_) < 0) return false;
  seen_ = io_uring_smp_load_acquire(ring_.cq.ktail);
  return taken_ != seen_;
}

std::string explain(std::error_code error) {
  const std::string begin = "io_uring cannot be used: ";
  if (error == std::errc::function_not_supported) {
    return begin + "this kernel has none or one that is too old: Linux 5.11 or newer is needed";
  }
  if (error == std::errc::operation_not_permitted || error == std::errc::permission_denied) {
    const auto disabled = read_number("/proc/sys/kernel/io_uring_disabled");
    if (disabled && *disabled != 0) {
      return begin + "it is switched off here: try sysctl -w kernel.io_uring_disabled=0";
    }
    return begin +
           "a seccomp filter forbids it: in a container, permit io_uring_setup, io_uring_enter and "
           "io_uring_register (docker run --security-opt seccomp=unconfined)";
  }
  if (error == std::errc::not_enough_memory) {
    rlimit limit{};
    (void)::getrlimit(RLIMIT_MEMLOCK, &limit);  // EFAULT and EINVAL only
    return begin + "the limit of " + std::to_string(limit.rlim_cur / 1024) +
           " KiB of locked memory is too low: raise it with ulimit -l, or ask for a smaller ring";
  }
  if (error == std::errc::too_many_files_open) {
    return begin + "no descriptor is left for it: raise the limit with ulimit -n";
  }
  return begin + error.message();
}

}  // namespace uring
