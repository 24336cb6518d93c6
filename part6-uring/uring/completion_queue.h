#pragma once

#include <array>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <new>

#include "uring/frame_pool.h"

namespace uring {

/// Results that have come and that nobody has fetched yet, oldest first. Room for a few; more are
/// kept in memory of the frame pool until it is empty again.
class CompletionQueue {
 public:
  struct Entry {
    int result;
    std::uint32_t flags;
  };

  CompletionQueue() = default;
  CompletionQueue(const CompletionQueue&) = delete;
  CompletionQueue& operator=(const CompletionQueue&) = delete;
  ~CompletionQueue() { give_room_back(); }

  bool empty() const { return size_ == 0; }

  void push(Entry entry) {
    if (size_ == capacity_) grow();
    entries_[(begin_ + size_++) & (capacity_ - 1)] = entry;
  }

  Entry pop() {
    assert(!empty());
    const Entry entry = entries_[begin_];
    begin_ = (begin_ + 1) & (capacity_ - 1);
    if (--size_ == 0) give_room_back();
    return entry;
  }

 private:
  static constexpr std::uint32_t few = 4;  // a power of two, like every capacity

  void grow() {
    auto* larger = static_cast<Entry*>(FramePool::allocate(2 * capacity_ * sizeof(Entry)));
    for (std::uint32_t i = 0; i < size_; ++i) {
      new (larger + i) Entry(entries_[(begin_ + i) & (capacity_ - 1)]);
    }
    const std::uint32_t kept = size_;
    const std::uint32_t capacity = 2 * capacity_;
    give_room_back();
    entries_ = larger;
    capacity_ = capacity;
    size_ = kept;
  }

  void give_room_back() {
    if (entries_ != few_.data()) FramePool::release(entries_, capacity_ * sizeof(Entry));
    entries_ = few_.data();
    capacity_ = few;
    begin_ = 0;
    size_ = 0;
  }

  std::array<Entry, few> few_{};
  Entry* entries_ = few_.data();
  std::uint32_t capacity_ = few;
  std::uint32_t begin_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace uring
