#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "uring/memory/frame_pool.h"

namespace uring {

/// Results that have come and have not been fetched yet, oldest first.
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
  /// Those before next_: at least half, so that each of the others moves once at most on average.
  void drop_fetched() {
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(next_));
    next_ = 0;
  }

  std::vector<Entry, FrameAllocator<Entry>> entries_;
  std::size_t next_ = 0;
};

}  // namespace uring
