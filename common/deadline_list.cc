#include "common/deadline_list.h"

#include <cassert>

namespace common {

void DeadlineEntry::unlink() {
  previous_->next_ = next_;
  next_->previous_ = previous_;
  previous_ = next_ = this;
}

void DeadlineList::set(DeadlineEntry& entry, Clock::time_point deadline, Token token) {
  entry.unlink();
  assert(head_.previous_ == &head_ || head_.previous_->deadline_ <= deadline);
  entry.deadline_ = deadline;
  entry.token_ = token;
  entry.previous_ = head_.previous_;
  entry.next_ = &head_;
  entry.previous_->next_ = &entry;
  head_.previous_ = &entry;
}

std::optional<Clock::time_point> DeadlineList::soonest() const {
  if (head_.next_ == &head_) return std::nullopt;
  return head_.next_->deadline_;
}

std::optional<Token> DeadlineList::overdue(Clock::time_point now) const {
  if (head_.next_ == &head_ || head_.next_->deadline_ > now) return std::nullopt;
  return head_.next_->token_;
}

}  // namespace common
