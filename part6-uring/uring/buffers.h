#pragma once

#include <liburing.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "uring/condition.h"
#include "uring/descriptor.h"
#include "uring/error.h"
#include "uring/memory/frame_pool.h"

namespace uring {

class Buffers;

/// A buffer that the kernel has chosen and filled. Gives it back when it ends; the bytes are not to
/// be looked at afterwards. Empty at the end of a stream.
class Lease {
 public:
  Lease() = default;
  Lease(Lease&& other) noexcept
      : buffers_(std::exchange(other.buffers_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        number_(other.number_) {}
  Lease& operator=(Lease&& other) noexcept {
    give_back();
    buffers_ = std::exchange(other.buffers_, nullptr);
    size_ = std::exchange(other.size_, 0);
    number_ = other.number_;
    return *this;
  }
  ~Lease() { give_back(); }

  std::span<std::byte> bytes() const;
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  /// Before it ends. Leaves it empty.
  void give_back();

 private:
  friend class Buffers;
  Lease(Buffers& buffers, std::uint16_t number, std::uint32_t size)
      : buffers_(&buffers), size_(size), number_(number) {}

  Buffers* buffers_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint16_t number_ = 0;
};

/// Buffers of one size, of which the kernel takes one when bytes have come, and not before: an idle
/// connection holds none. They are in a ring shared with the kernel, which holds about as many as
/// are in use together, so that they stay in the processor's cache: a few at first, twice as many
/// when all of them are lent or a receive has found none, and fewer again when half of them have
/// been enough for a while. The others are idle.
///
/// When the kernel has none left, a receive ends with no_buffer_space (ENOBUFS). This is no fault:
/// wait for returned(), and receive again. A receive that is tried before there are bytes needs a
/// buffer for that moment, though it keeps none; one that waits first (IORING_RECVSEND_POLL_FIRST)
/// needs none before its bytes are there.
class Buffers {
 public:
  /// `count` is a power of two, up to Setup::buffers_max, and `bytes_each` at least 1, up to
  /// Setup::buffer_bytes_max. Errors: invalid_argument, they are not; not_enough_memory;
  /// file_exists, the loop has 65,536 groups already.
  static Result<std::unique_ptr<Buffers>> create(LoopCore& loop, std::uint32_t count,
                                                 std::size_t bytes_each);
  Buffers(const Buffers&) = delete;
  Buffers& operator=(const Buffers&) = delete;

  /// No lease may be left, and no receive under way.
  ~Buffers();

  std::uint16_t group() const { return group_; }
  std::size_t bytes_each() const { return bytes_each_; }

  /// Buffers that are not lent: with the kernel, or idle.
  std::uint32_t available() const { return count_ - lent_; }

  /// Waits until there is one to take, however it came to be free: as many coroutines go on as
  /// there are buffers, those that wait longest first. Error: cancelled.
  Condition::Wait returned() { return returned_.wait(); }

  /// For a request that is to take one of them.
  void apply_to(io_uring_sqe& entry) const {
    entry.flags |= IOSQE_BUFFER_SELECT;
    entry.buf_group = group_;
  }

  /// What a completion brought. Without a buffer (end of stream): an empty lease.
  Lease lease(int result, std::uint32_t flags) {
    if ((flags & IORING_CQE_F_BUFFER) == 0) return {};
    const std::uint16_t number = number_of(flags);
    lend(number, result);
    add_if_all_are_lent();
    return Lease(*this, number, static_cast<std::uint32_t>(std::max(result, 0)));
  }

  /// A receive has ended with an error. The receive may have taken a buffer all the same, as one
  /// does that a thread of the kernel's has waited for.
  void receive_failed(int result, std::uint32_t flags);

  // For the loop, in each turn before it submits.

  /// Whether coroutines wait for what is there. Looks how many are needed, too.
  bool can_wake_waiters();

  /// Makes as many of them ready as there are buffers. Collect all completions before it: what is
  /// heard afterwards of a receive that has found none counts as of one that was tried afterwards.
  void wake_waiters();

 private:
  friend class Lease;

  struct FreeDeleter {
    void operator()(void* memory) const;
  };
  using Memory = std::unique_ptr<std::byte, FreeDeleter>;

  Buffers(LoopCore& loop, std::uint32_t count, std::size_t bytes_each, Memory memory);
  Status register_ring();
  void give_first();
  /// The buffer of a completion with IORING_CQE_F_BUFFER.
  static std::uint16_t number_of(std::uint32_t flags) {
    return static_cast<std::uint16_t>(flags >> IORING_CQE_BUFFER_SHIFT);
  }
  /// The buffer came with this many bytes, and will be given back.
  void lend(std::uint16_t number, int size) {
    ++lent_;
    if (checks_memory_) demand_unused_rest(number, static_cast<std::uint32_t>(std::max(size, 0)));
  }
  std::byte* begin_of(std::uint16_t number) const { return memory_.get() + number * stride_bytes_; }
  void give_back(std::uint16_t number);
  void ran_out();
  /// Buffers that the kernel has, as far as is known.
  std::uint32_t free() const { return confirmed_empty_ ? 0 : in_ring_ - lent_; }
  void add_if_all_are_lent() {
    if (lent_ == in_ring_) add_more();
  }
  void add_more();
  void grow(std::uint32_t count);
  void note_need();
  void retire(std::uint16_t number);
  io_uring_buf& at(std::uint16_t place) { return ring_.get()[place & mask_]; }
  void give_to_kernel(std::uint16_t number);
  void make_unreadable(std::uint16_t number);
  void demand_unused_rest(std::uint16_t number, std::uint32_t used);

  LoopCore& loop_;
  std::uint32_t count_;
  std::size_t bytes_each_;
  std::size_t stride_bytes_;  ///< From the beginning of one to that of the next.
  std::uint16_t group_ = 0;
  std::uint16_t tail_ = 0;  ///< Where the next is added.
  std::uint32_t mask_;
  std::uint32_t lent_ = 0;
  std::uint32_t in_ring_ = 0;     ///< Lent or with the kernel; all others are idle.
  std::uint64_t ran_out_in_ = 0;  ///< The last turn in which a receive has found none.
  bool has_woken_ = false;        ///< Coroutines; and since then, none was given to the kernel.
  bool confirmed_empty_ = false;  ///< What ran_out() has found.
  std::vector<std::uint16_t> idle_;
  std::uint32_t needed_ = 0;     ///< How many should be in the ring.
  std::uint32_t most_lent_ = 0;  ///< How many were lent at most, in the last turns_.
  std::uint32_t turns_ = 0;      ///< Since most_lent_ was last looked at.
  bool registered_ = false;
  const bool checks_memory_ = FramePool::checks_memory();
  Condition returned_;
  Memory memory_;
  std::unique_ptr<io_uring_buf, FreeDeleter> ring_;
};

/// When a receive takes a buffer: as soon as the socket is readable, or at once, readable or not.
enum class ReceiveWhen : bool { readable, now };

/// One receive into a buffer that the kernel chooses.
class RecvLease {
 public:
  using Value = Lease;
  static constexpr const char* what = "recv";
  RecvLease(Descriptor fd, Buffers& buffers, ReceiveWhen when = ReceiveWhen::now)
      : fd_(fd), when_(when), buffers_(&buffers) {}
  void prepare(io_uring_sqe& entry) const {
    io_uring_prep_recv(&entry, fd_.number(), nullptr, 0, 0);
    buffers_->apply_to(entry);
    if (when_ == ReceiveWhen::readable) entry.ioprio |= IORING_RECVSEND_POLL_FIRST;
  }
  void failed(int result, std::uint32_t flags) const { buffers_->receive_failed(result, flags); }
  Result<Lease> decode(int result, std::uint32_t flags) const {
    return buffers_->lease(result, flags);
  }

 private:
  Descriptor fd_;
  ReceiveWhen when_;
  Buffers* buffers_;
};

inline std::span<std::byte> Lease::bytes() const {
  if (buffers_ == nullptr) return {};
  return {buffers_->begin_of(number_), size_};
}

inline void Lease::give_back() {
  if (buffers_ == nullptr) return;
  size_ = 0;
  std::exchange(buffers_, nullptr)->give_back(number_);
}

inline void Buffers::give_back(std::uint16_t number) {
  if (checks_memory_) make_unreadable(number);
  --lent_;
  if (in_ring_ > needed_) return retire(number);
  give_to_kernel(number);
}

/// The buffer goes behind those that are there. It is unreadable already, where memory is checked.
inline void Buffers::give_to_kernel(std::uint16_t number) {
  // io_uring_buf_ring::bufs is not used: g++ puts it 8 bytes too far in some headers. The tail lies
  // in the first entry's `resv`, which therefore must not be written.
  io_uring_buf& entry = at(tail_++);
  entry.addr = reinterpret_cast<std::uintptr_t>(begin_of(number));
  entry.bid = number;  // `len` stays: all are as long
  io_uring_smp_store_release(&ring_.get()->resv, tail_);
  has_woken_ = false;
  confirmed_empty_ = false;
}

}  // namespace uring
