#pragma once

#include <cassert>
#include <cstdint>
#include <new>
#include <utility>

#include "uring/memory/frame_pool.h"

namespace uring {

/// Results that have come and have not been fetched yet, oldest first. Room for one: a stream that
/// listens fetches it before the next comes. More are kept in memory of the frame pool until they
/// are fetched.
class CompletionQueue {
 public:
  struct Entry {
    int result;
    std::uint32_t flags;
  };

  CompletionQueue() = default;
  CompletionQueue(const CompletionQueue&) = delete;
  CompletionQueue& operator=(const CompletionQueue&) = delete;
  ~CompletionQueue() {
    if (more_ != nullptr) give_back(more_);
  }

  bool empty() const { return first_.flags == nothing.flags; }

  void push(Entry entry) {
    assert(entry.flags != nothing.flags);
    if (empty()) {
      first_ = entry;
    } else {
      push_behind(entry);
    }
  }

  Entry pop() {
    assert(!empty());
    return std::exchange(first_, more_ == nullptr ? nothing : pop_behind());
  }

 private:
  /// The kernel has a few flags, and never sets all 32.
  static constexpr Entry nothing{.result = 0, .flags = ~std::uint32_t{0}};

  /// A ring of entries, which follow it in the same memory.
  struct Ring {
    std::uint32_t capacity;  ///< A power of two.
    std::uint32_t begin;
    std::uint32_t size;

    Entry* at(std::uint32_t i) {
      return reinterpret_cast<Entry*>(this + 1) + ((begin + i) & (capacity - 1));
    }
  };

  static Ring* make_ring(std::uint32_t capacity) {
    void* memory = FramePool::allocate(sizeof(Ring) + capacity * sizeof(Entry));
    return new (memory) Ring{.capacity = capacity, .begin = 0, .size = 0};
  }
  static void give_back(Ring* ring) {
    FramePool::release(ring, sizeof(Ring) + ring->capacity * sizeof(Entry));
  }

  void push_behind(Entry entry) {
    if (more_ == nullptr) more_ = make_ring(4);
    if (more_->size == more_->capacity) {
      Ring* larger = make_ring(2 * more_->capacity);
      for (; larger->size < more_->size; ++larger->size) {
        new (larger->at(larger->size)) Entry(*more_->at(larger->size));
      }
      give_back(std::exchange(more_, larger));
    }
    new (more_->at(more_->size++)) Entry(entry);
  }

  Entry pop_behind() {
    const Entry entry = *more_->at(0);
    more_->begin = (more_->begin + 1) & (more_->capacity - 1);
    if (--more_->size == 0) give_back(std::exchange(more_, nullptr));
    return entry;
  }

  Entry first_ = nothing;
  Ring* more_ = nullptr;  ///< What came after it, if anything did.
};

}  // namespace uring
