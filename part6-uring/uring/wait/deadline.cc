#include "uring/wait/deadline.h"

#include <cassert>

#include "uring/loop_core.h"

namespace uring {

Deadline::Deadline(LoopCore& loop, Clock::time_point due) : loop_(loop) { renew(due); }

Deadline::~Deadline() { loop_.deadlines().remove(*this); }

void Deadline::renew(Clock::time_point due) {
  reset();
  due_ = due;
  if (place_ != nowhere && queued_for_ <= due) return;
  loop_.deadlines().remove(*this);
  if (due != never) loop_.deadlines().insert(*this);
}

void Deadlines::insert(Deadline& deadline) {
  assert(deadline.place_ == Deadline::nowhere);
  deadline.queued_for_ = deadline.due_;
  heap_.push_back(&deadline);
  put(heap_.size() - 1, deadline);
  rise(deadline.place_);
}

void Deadlines::remove(Deadline& deadline) {
  const std::size_t place = deadline.place_;
  if (place == Deadline::nowhere) return;
  deadline.place_ = Deadline::nowhere;
  Deadline& last = *heap_.back();
  heap_.pop_back();
  if (&last == &deadline) return;
  put(place, last);
  rise(place);
  sink(last.place_);
}

std::optional<Clock::time_point> Deadlines::soonest() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front()->queued_for_;
}

bool Deadlines::expire(Clock::time_point now) {
  bool any = false;
  while (!heap_.empty() && heap_.front()->queued_for_ <= now) {
    Deadline& first = *heap_.front();
    remove(first);
    if (first.due_ > now) {
      if (first.due_ != Deadline::never) insert(first);  // it was renewed
      continue;
    }
    first.cancel(Error::timed_out);
    any = true;
  }
  return any;
}

void Deadlines::put(std::size_t place, Deadline& deadline) {
  heap_[place] = &deadline;
  deadline.place_ = place;
}

void Deadlines::rise(std::size_t place) {
  Deadline& rising = *heap_[place];
  while (place > 0) {
    const std::size_t above = (place - 1) / 2;
    if (heap_[above]->queued_for_ <= rising.queued_for_) break;
    put(place, *heap_[above]);
    place = above;
  }
  put(place, rising);
}

void Deadlines::sink(std::size_t place) {
  Deadline& sinking = *heap_[place];
  while (true) {
    std::size_t below = 2 * place + 1;
    if (below >= heap_.size()) break;
    if (below + 1 < heap_.size() && heap_[below + 1]->queued_for_ < heap_[below]->queued_for_) {
      ++below;
    }
    if (sinking.queued_for_ <= heap_[below]->queued_for_) break;
    put(place, *heap_[below]);
    place = below;
  }
  put(place, sinking);
}

}  // namespace uring
