#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "uring/memory/frame_pool.h"

namespace uring {

/// Results that have come and have not been fetched yet, oldest first. Where all are fetched it
/// holds no memory: a stream that has seen many at once keeps nothing for it.
class CompletionQueue {
 public:
  struct Entry {
    int result;
    std::uint32_t flags;
  };

  bool empty() const { return next_ == entries_.size(); }
  void push(Entry entry) { entries_.push_back(entry); }
  Entry pop() {
    assert(!empty());
    const Entry entry = entries_[next_++];
    if (2 * next_ > entries_.size()) drop_fetched();
    return entry;
  }

 private:
  using Entries = std::vector<Entry, FrameAllocator<Entry>>;

  /// Those before next_: at least half, so that each of the others moves once at most on average.
  void drop_fetched() {
    if (empty()) {
      entries_ = Entries();  // = {} would keep the memory
    } else {
      entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(next_));
    }
    next_ = 0;
  }

  Entries entries_;
  std::size_t next_ = 0;
};

}  // namespace uring
