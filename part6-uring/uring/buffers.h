#pragma once

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "uring/error.h"
#include "uring/operation.h"
#include "uring/signal.h"

namespace uring {

class Buffers;

/// A buffer that the kernel has chosen and filled. Gives it back when it ends; the bytes are not to
/// be looked at afterwards. Empty at the end of a stream.
class Lease {
 public:
  Lease() = default;
  Lease(Buffers& buffers, std::uint16_t number, std::size_t bytes);
  Lease(Lease&& other) noexcept
      : buffers_(std::exchange(other.buffers_, nullptr)),
        number_(other.number_),
        bytes_(std::exchange(other.bytes_, {})) {}
  Lease& operator=(Lease other) noexcept {
    std::swap(buffers_, other.buffers_);
    std::swap(number_, other.number_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Lease();

  std::span<std::byte> bytes() const { return bytes_; }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

 private:
  Buffers* buffers_ = nullptr;
  std::uint16_t number_ = 0;
  std::span<std::byte> bytes_;
};

/// Buffers that the kernel takes when bytes have come, and not before: a connection that is silent
/// holds none. All of a size, in a ring shared with the kernel, or where it has no such rings,
/// given back one by one with an operation each.
///
/// When all are lent, a receive ends with no_buffer_space (ENOBUFS). That is no fault: wait for
/// returned(), and receive again.
class Buffers {
 public:
  /// `count` is a power of two. Errors: not_enough_memory, invalid_argument.
  static Result<std::unique_ptr<Buffers>> create(Loop& loop, std::uint32_t count,
                                                 std::size_t bytes_each);
  Buffers(const Buffers&) = delete;
  Buffers& operator=(const Buffers&) = delete;

  /// No lease may be left, and no receive under way.
  ~Buffers();

  std::uint16_t group() const { return group_; }
  std::size_t bytes_each() const { return bytes_each_; }

  /// Those that the kernel can take.
  std::uint32_t available() const { return count_ - lent_; }

  /// Waits until available() is not 0. Error: cancelled.
  Signal::Wait returned() { return signal_.wait(); }

  /// For a request that is to take one of them.
  void mark(io_uring_sqe& entry) const {
    entry.flags |= IOSQE_BUFFER_SELECT;
    entry.buf_group = group_;
  }

  /// What a completion brought. Without a buffer (end of stream): an empty lease.
  Lease lease(int result, std::uint32_t flags);

 private:
  friend class Lease;

  /// Gives one buffer back by an operation of its own, where there are no buffer rings.
  class GiveBack final : public Operation {
   public:
    GiveBack(Loop& loop, Buffers& buffers, std::uint16_t number)
        : Operation(loop), buffers_(buffers), number_(number) {
      shield();
    }
    GiveBack(GiveBack&&) = default;
    ~GiveBack() { settle(); }
    const char* what() const override { return "provide_buffers"; }
    using Operation::begin;

   private:
    void prepare(io_uring_sqe& entry) override;
    void ended() override;
    Buffers& buffers_;
    std::uint16_t number_;
  };

  struct FreeDeleter {
    void operator()(void* memory) const;
  };

  Buffers(Loop& loop, std::uint32_t count, std::size_t bytes_each);
  Status register_ring();
  void give_all();
  void give_back(std::uint16_t number);
  std::byte* begin_of(std::uint16_t number) const { return memory_.get() + number * bytes_each_; }

  Loop& loop_;
  std::uint32_t count_;
  std::size_t bytes_each_;
  std::uint16_t group_;
  std::uint16_t tail_ = 0;
  std::uint32_t lent_ = 0;
  bool registered_ = false;
  Signal signal_;
  std::unique_ptr<std::byte[]> memory_;
  std::unique_ptr<io_uring_buf, FreeDeleter> ring_;  ///< Null: no buffer rings here.
  std::vector<GiveBack> give_backs_;
};

}  // namespace uring
