#include "uring/ring.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>
#include <vector>

#include "uring/time/timespec.h"

namespace uring {
namespace {

/// Calls io_uring_register(2) itself, because liburing 2.3 doesn't export the functions for some of
/// its uses, and later versions use a number of the ring that is good in one thread only.
Result<long> do_register(const io_uring& ring, unsigned what, const void* about, unsigned count) {
  const long result = ::syscall(SYS_io_uring_register, ring.ring_fd, what, about, count);
  if (result < 0) return common::last_error();
  return result;
}

/// Only one thread submits, which saves locks. If the kernel refuses an entry, it still submits
/// those after it. IORING_SETUP_NO_SQARRAY is missing, because liburing 2.3 would go on writing to
/// the array.
constexpr unsigned setup_flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_SUBMIT_ALL;

Status set_up(const Setup& setup, io_uring& ring) {
  if (setup.entries < Setup::entries_min || setup.entries > Setup::entries_max) {
    return status_of(-EINVAL);
  }
  io_uring_params params{};
  params.flags = setup_flags;
  // The kernel makes completions when our thread asks for them, so nothing interrupts it. With
  // SQPOLL a kernel thread submits, and nobody asks it.
  params.flags |= setup.sqpoll ? IORING_SETUP_SQPOLL : IORING_SETUP_DEFER_TASKRUN;
  if (setup.disabled) params.flags |= IORING_SETUP_R_DISABLED;
  params.sq_thread_idle = 100;  // ms without a request, and then the thread sleeps
  if (setup.completions > 0) params.flags |= IORING_SETUP_CQSIZE;
  params.cq_entries = std::clamp(setup.completions, setup.entries, Setup::completions_max);
  const int result = io_uring_queue_init_params(setup.entries, &ring, &params);
  if (result == 0) return {};
  ring = {};
  // The kernel doesn't know a flag; DEFER_TASKRUN is new in 6.1.
  if (result == -EINVAL) return std::unexpected(make_error_code(Error::kernel_too_old));
  return status_of(result);
}

}  // namespace

Result<Ring> Ring::create(const Setup& setup) {
  Ring made;
  if (const auto done = set_up(setup, made.ring_); !done) return std::unexpected(done.error());
  // A filter may forbid this call alone. EBADFD: it is permitted, and the ring is disabled.
  const auto entered = status_of(io_uring_enter(made.ring_.ring_fd, 0, 0, 0, nullptr));
  if (!entered && entered.error().value() != EBADFD) return std::unexpected(entered.error());
  // Otherwise a child of fork(2) would keep the ring, with everything registered there, for as long
  // as it lives. O_CLOEXEC only closes descriptors at exec(3), and unmaps nothing before.
  (void)io_uring_ring_dontfork(&made.ring_);
  made.ask_for_operations();
  // The newest operation of 6.1 stands for all features without a flag or a number of their own.
  if (!made.supports(IORING_OP_SENDMSG_ZC)) {
    return std::unexpected(make_error_code(Error::kernel_too_old));
  }

  made.entries_ = made.ring_.sq.ring_entries;
  (void)made.look_for_room();
  if (!setup.disabled) made.register_descriptor();
  return made;
}

Ring::Ring(Ring&& other) noexcept
    : ring_(std::exchange(other.ring_, {})),
      entries_(std::exchange(other.entries_, 0)),
      room_end_(other.room_end_),
      known_(other.known_),
      permitted_(other.permitted_) {
  assert(other.taken_ == 0);  // the ring is unused
}

Ring::~Ring() {
  if (ring_.sq.ring_ptr != nullptr) io_uring_queue_exit(&ring_);
}

/// Saves the lookup of the ring's descriptor. Fails harmlessly with EBUSY for a thread's 17th ring.
void Ring::register_descriptor() { (void)io_uring_register_ring_fd(&ring_); }

void Ring::ask_for_operations() {
  io_uring_probe* const probe = io_uring_get_probe_ring(&ring_);
  if (probe == nullptr) return;
  for (int opcode = 0; opcode <= probe->last_op; ++opcode) {
    if (io_uring_opcode_supported(probe, opcode) != 0) {
      known_.set(static_cast<std::size_t>(opcode));
    }
  }
  io_uring_free_probe(probe);
}

bool Ring::supports(int opcode) const {
  return opcode >= 0 && opcode < 256 && known_[static_cast<std::size_t>(opcode)];
}

std::uint32_t Ring::look_for_room() {
  const std::uint32_t left = io_uring_sq_space_left(&ring_);
  room_end_ = ring_.sq.sqe_tail + left;
  return left;
}

Status Ring::submit() {
  give_back_taken();
  const int result = io_uring_submit_and_get_events(&ring_);
  if (result == -EINTR) return {};
  return status_of(result);
}

Status Ring::submit_and_wait(std::optional<std::chrono::nanoseconds> timeout) {
  give_back_taken();
  int result = 0;
  if (timeout) {
    __kernel_timespec limit = timespec_of(*timeout);
    io_uring_cqe* first = nullptr;
    result = io_uring_submit_and_wait_timeout(&ring_, &first, 1, &limit, nullptr);
  } else {
    result = io_uring_submit_and_wait(&ring_, 1);
  }
  if (result == -EINTR || result == -ETIME) return {};
  return status_of(result);
}

Result<std::uint16_t> Ring::register_credentials() {
  const auto number = do_register(ring_, IORING_REGISTER_PERSONALITY, nullptr, 0);
  if (!number) return std::unexpected(number.error());
  return static_cast<std::uint16_t>(*number);
}

Status Ring::permit_only(std::span<const int> operations) {
  std::vector<io_uring_restriction> permitted;
  std::bitset<256> opcodes;
  const auto permit = [&permitted](__u16 what, __u8 value) {
    permitted.push_back({.opcode = what, .sqe_op = value, .resv = 0, .resv2 = {}});
  };
  const auto permit_operation = [&](int opcode) {
    if (!supports(opcode)) return;
    permit(IORING_RESTRICTION_SQE_OP, static_cast<__u8>(opcode));
    opcodes.set(static_cast<std::size_t>(opcode));
  };
  for (const int opcode : operations) permit_operation(opcode);
  permit_operation(IORING_OP_ASYNC_CANCEL);
  permit_operation(IORING_OP_TIMEOUT);
  // Flags say how requests are linked and when they are tried, which gives no right.
  permit(IORING_RESTRICTION_SQE_FLAGS_ALLOWED, 0xff);
  permit(IORING_RESTRICTION_REGISTER_OP, IORING_UNREGISTER_RING_FDS);  // the ring's end does this
  const auto done = do_register(ring_, IORING_REGISTER_RESTRICTIONS, permitted.data(),
                                static_cast<unsigned>(permitted.size()));
  if (!done) return std::unexpected(done.error());
  permitted_ = opcodes;
  return {};
}

Status Ring::enable() {
  register_descriptor();  // now, because it is per thread, and permit_only() forbids it later
  const auto done = do_register(ring_, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  if (!done) return std::unexpected(done.error());
  return {};
}

/// Whether there are completions to take.
bool Ring::look() {
  give_back_taken();
  seen_ = io_uring_smp_load_acquire(ring_.cq.ktail);
  if (taken_ != seen_) return true;
  // Completions that didn't fit wait in the kernel until we ask for them (IORING_FEAT_NODROP).
  if (!io_uring_cq_has_overflow(&ring_)) return false;
  if (io_uring_get_events(&ring_) < 0) return false;
  seen_ = io_uring_smp_load_acquire(ring_.cq.ktail);
  return taken_ != seen_;
}

}  // namespace uring
