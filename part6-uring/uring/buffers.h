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

/// A buffer that the kernel chose and filled. The destructor gives it back; don't touch the bytes
/// after that. Empty at the end of a stream.
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

  /// Gives the buffer back early, and leaves the lease empty.
  void give_back();

 private:
  friend class Buffers;
  Lease(Buffers& buffers, std::uint16_t number, std::uint32_t size)
      : buffers_(&buffers), size_(size), number_(number) {}

  Buffers* buffers_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint16_t number_ = 0;
};

/// Buffers of one size. The kernel takes one only when bytes have arrived, so an idle connection
/// holds none. A ring shared with the kernel has about as many buffers as are in use together,
/// which stay in the processor's cache; the others are idle. The ring starts with a few, doubles
/// when all are lent or a receive found none, and shrinks when half of them have been enough for a
/// while. Large messages take turns with a few, because more would not fit the cache.
///
/// When the kernel has none left, a receive ends with no_buffer_space (ENOBUFS). This isn't a
/// fault: wait for returned(), and receive again. A receive that is tried before there are bytes
/// needs a buffer for that moment, though it keeps none; one that polls first
/// (IORING_RECVSEND_POLL_FIRST) doesn't.
class Buffers {
 public:
  /// `count` must be a power of two, at most Setup::buffers_max, and `bytes_each` between 1 and
  /// Setup::buffer_bytes_max. Errors: invalid_argument if they aren't; not_enough_memory;
  /// file_exists if the loop already has 65,536 groups of buffers.
  static Result<std::unique_ptr<Buffers>> create(LoopCore& loop, std::uint32_t count,
                                                 std::size_t bytes_each);
  Buffers(const Buffers&) = delete;
  Buffers& operator=(const Buffers&) = delete;

  /// All leases must be gone, and no receive in flight.
  ~Buffers();

  std::uint16_t group() const { return group_; }
  std::size_t bytes_each() const { return bytes_each_; }

  /// How many aren't lent: with the kernel, or idle.
  std::uint32_t available() const { return count_ - lent_; }

  /// Waits for a free buffer. Each one wakes one coroutine, the longest waiting first. Error:
  /// cancelled.
  Condition::Wait returned() { return returned_.wait(); }

  /// Makes a request take one of these buffers.
  void apply_to(io_uring_sqe& entry) const {
    entry.flags |= IOSQE_BUFFER_SELECT;
    entry.buf_group = group_;
  }

  /// The buffer of a completion. The lease is empty if there is none (end of stream).
  Lease lease(int result, std::uint32_t flags) {
    if ((flags & IORING_CQE_F_BUFFER) == 0) return {};
    const std::uint16_t number = number_of(flags);
    lend(number, result);
    add_if_all_are_lent();
    return Lease(*this, number, static_cast<std::uint32_t>(std::max(result, 0)));
  }

  /// Called when a receive has failed. A failed receive, too, may have taken a buffer, for example
  /// if an io worker was waiting for the bytes.
  void receive_failed(int result, std::uint32_t flags);

  // The loop calls these in each turn, before it submits.

  /// Whether coroutines wait and a buffer is free, or may be in the next turn. Also notes how many
  /// the ring needs.
  bool can_wake_waiters();

  /// Wakes one coroutine for each free buffer.
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
  /// Counts the buffer as lent, with `size` bytes in it, until give_back().
  void lend(std::uint16_t number, int size) {
    const auto bytes = static_cast<std::uint32_t>(std::max(size, 0));
    ++lent_;
    received_bytes_ = (7 * received_bytes_ + bytes) / 8;
    if (checks_memory_) demand_unused_rest(number, bytes);
  }
  std::byte* begin_of(std::uint16_t number) const { return memory_.get() + number * stride_bytes_; }
  void give_back(std::uint16_t number);
  void ran_out();
  /// How many buffers the kernel still has, and some of those may be in completions that we haven't
  /// fetched.
  std::uint32_t free() const { return in_ring_ - lent_; }
  void add_if_all_are_lent() {
    if (lent_ == in_ring_ && in_ring_ < 2 * lent_max()) add_more();
  }
  std::uint32_t lent_max() const;
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
  std::size_t stride_bytes_;  ///< From the start of a buffer to the start of the next.
  std::uint16_t group_ = 0;
  std::uint16_t tail_ = 0;         ///< The ring's next free place.
  std::uint16_t tail_before_ = 0;  ///< tail_ a turn ago: if it is the same, none came back.
  std::uint32_t mask_;
  std::uint32_t lent_ = 0;
  std::size_t received_bytes_ = 0;  ///< In a receive, on the average of the last ones.
  std::uint32_t in_ring_ = 0;       ///< Lent or with the kernel; the others are idle.
  std::uint64_t ran_out_in_ = 0;    ///< The last turn in which a receive found no buffer.
  std::vector<std::uint16_t> idle_;
  std::uint32_t needed_ = 0;     ///< How many the ring should have.
  std::uint32_t most_lent_ = 0;  ///< The most that were lent in the last turns_ turns.
  std::uint32_t turns_ = 0;      ///< Turns that most_lent_ covers.
  bool registered_ = false;
  const bool checks_memory_ = FramePool::checks_memory();
  Condition returned_;
  Memory memory_;
  std::unique_ptr<io_uring_buf, FreeDeleter> ring_;
};

/// When a receive takes a buffer: once the socket is readable, or immediately in any case.
enum class ReceiveWhen : bool { readable, now };

/// A receive into a buffer that the kernel chooses.
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

/// Appends the buffer to the ring. If memory is checked, the buffer is already unreadable.
inline void Buffers::give_to_kernel(std::uint16_t number) {
  // Don't use io_uring_buf_ring::bufs, which g++ puts 8 bytes too far with some headers. And don't
  // write an entry's `resv`, because in the first entry that's the ring's tail.
  io_uring_buf& entry = at(tail_++);
  entry.addr = reinterpret_cast<std::uintptr_t>(begin_of(number));
  entry.bid = number;  // `len` never changes, because all are equally long
  io_uring_smp_store_release(&ring_.get()->resv, tail_);
}

}  // namespace uring
