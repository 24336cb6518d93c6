#include "common/loop/deadline_list.h"

namespace common {

std::optional<Clock::time_point> DeadlineList::soonest() const {
  if (head_.next_ == &head_) return std::nullopt;
  return head_.next_->deadline_;
}

std::optional<Token> DeadlineList::overdue(Clock::time_point now) const {
  if (head_.next_ == &head_ || head_.next_->deadline_ > now) return std::nullopt;
  return head_.next_->token_;
}

}  // namespace common
