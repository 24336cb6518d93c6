#pragma once

#include <cassert>
#include <optional>

#include "common/loop/token.h"
#include "common/server/duration.h"

namespace common {

/// The member of an object that can be overdue: when it is, and its neighbours in the list. Leaves
/// the list when it is destroyed.
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

  /// What it was last set to; before that, the clock's epoch.
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

/// Deadlines with the same timeout: the one that is set last is due last. So the list stays sorted
/// by appending, and setting, moving and removing one costs the same for ten connections and ten
/// thousand. Where timeouts differ, a heap or a timer wheel is needed.
class DeadlineList {
 public:
  /// Puts the entry at the end, from wherever it was. `deadline` is not before any other in the
  /// list.
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

  /// Says when the first is due; nullopt: there is none.
  std::optional<Clock::time_point> soonest() const;

  /// The token of the first entry if that is due. An entry stays first until it is set anew or
  /// unlinked.
  std::optional<Token> overdue(Clock::time_point now) const;

 private:
  DeadlineEntry head_;  ///< Its neighbours are the first and the last.
};

}  // namespace common
