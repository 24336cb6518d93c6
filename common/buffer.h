#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "common/byte_view.h"

namespace common {

/// Bytes that are owned, and that others can have by a move. They grow by realloc(3), for which the
/// kernel moves the pages of a large block to another address, mremap(2), where a vector would copy
/// the bytes. Bytes are taken off the front without moving the others.
class Buffer {
 public:
  Buffer() = default;

  /// Copies `bytes`.
  explicit Buffer(ByteView bytes) { append(bytes); }

  Buffer(Buffer&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)),
        begin_(std::exchange(other.begin_, 0)),
        end_(std::exchange(other.end_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~Buffer() { std::free(memory_); }

  const std::byte* data() const { return memory_ + begin_; }
  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }

  /// A view of all bytes, good until the next change.
  operator ByteView() const { return {data(), size()}; }

  /// How many bytes fit before the memory has to grow.
  std::size_t capacity() const { return capacity_; }

  /// Makes room for `capacity` bytes in all.
  void reserve(std::size_t capacity);

  /// Appends a copy of `bytes`, which must not be our own. If there is no room, the memory doubles.
  void append(ByteView bytes);

  /// Takes the first `size` bytes off. The memory is freed with the last byte.
  void drop_front(std::size_t size);

 private:
  std::byte* memory_ = nullptr;
  std::size_t begin_ = 0;  ///< Index of the first byte that wasn't taken off.
  std::size_t end_ = 0;    ///< Index after the last byte.
  std::size_t capacity_ = 0;
};

inline void Buffer::reserve(std::size_t capacity) {
  if (capacity <= capacity_ - begin_) return;
  if (begin_ > 0) {  // the bytes move to the front, where others were taken off
    std::memmove(memory_, data(), size());
    end_ = size();
    begin_ = 0;
    if (capacity <= capacity_) return;
  }
  void* const grown = std::realloc(memory_, capacity);
  if (grown == nullptr) throw std::bad_alloc();
  memory_ = static_cast<std::byte*>(grown);
  capacity_ = capacity;
}

inline void Buffer::append(ByteView bytes) {
  if (bytes.empty()) return;  // memcpy takes no null pointer
  if (const auto wanted = size() + bytes.size(); wanted > capacity_ - begin_) {
    reserve(wanted <= capacity_ ? wanted : std::max(2 * capacity_, wanted));
  }
  std::memcpy(memory_ + end_, bytes.data(), bytes.size());
  end_ += bytes.size();
}

inline void Buffer::drop_front(std::size_t size) {
  assert(size <= this->size());
  begin_ += size;
  if (empty()) *this = Buffer();
}

}  // namespace common
