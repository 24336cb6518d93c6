#pragma once

#include <cassert>
#include <optional>

#include "common/loop/token.h"
#include "common/server/duration.h"

namespace common {

/// A deadline; a member of the object that can become overdue. The destructor takes it out of its
/// list.
class DeadlineEntry {
 public:
  DeadlineEntry() = default;
  DeadlineEntry(const DeadlineEntry&) = delete;
  DeadlineEntry& operator=(const DeadlineEntry&) = delete;
  ~DeadlineEntry() { unlink(); }

  void unlink() {
    join_neighbours();
    previous_ = next_ = this;
  }

  /// The last deadline set; before that, the clock's epoch.
  Clock::time_point deadline() const { return deadline_; }

 private:
  friend class DeadlineList;
  void join_neighbours() {
    previous_->next_ = next_;
    next_->previous_ = previous_;
  }

  DeadlineEntry* previous_ = this;
  DeadlineEntry* next_ = this;
  Clock::time_point deadline_{};
  Token token_;
};

/// Deadlines with the same timeout, so the one set last is due last. Appending keeps the list
/// sorted, and setting, moving or removing a deadline costs the same for ten connections and ten
/// thousand. Different timeouts would need a heap or a timer wheel.
class DeadlineList {
 public:
  /// Puts the entry at the end, wherever it was. `deadline` must not be earlier than any other in
  /// the list.
  void set(DeadlineEntry& entry, Clock::time_point deadline, Token token) {
    entry.join_neighbours();
    assert(head_.previous_->deadline_ <= deadline);  // head_ has the epoch
    entry.deadline_ = deadline;
    entry.token_ = token;
    entry.previous_ = head_.previous_;
    entry.next_ = &head_;
    entry.previous_->next_ = &entry;
    head_.previous_ = &entry;
  }

  /// When the first entry is due; nullopt if the list is empty.
  std::optional<Clock::time_point> soonest() const;

  /// The token of the first entry if that is due. The entry stays first until set() or unlink().
  std::optional<Token> overdue(Clock::time_point now) const;

 private:
  DeadlineEntry head_;  ///< Its neighbours are the first entry and the last.
};

}  // namespace common
