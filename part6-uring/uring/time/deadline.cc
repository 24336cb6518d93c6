#include "uring/time/deadline.h"

#include "uring/loop_core.h"

namespace uring {

Deadline::Deadline(LoopCore& loop, Clock::time_point due) : all_(loop.deadlines()), due_(due) {
  all_.reorder(*this);
}

Deadline::~Deadline() {
  if (place_ != nowhere) all_.remove(*this);
}

void Deadlines::reorder(Deadline& deadline) {
  if (deadline.place_ != Deadline::nowhere) remove(deadline);
  if (deadline.due_ != Deadline::never) insert(deadline);
}

void Deadlines::insert(Deadline& deadline) {
  heap_.emplace_back();
  set(heap_.size() - 1, {.at = deadline.due_, .deadline = &deadline});
  rise(deadline.place_);
}

void Deadlines::remove(Deadline& deadline) {
  const std::size_t place = deadline.place_;
  deadline.place_ = Deadline::nowhere;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (last.deadline == &deadline) return;
  set(place, last);
  rise(place);
  sink(last.deadline->place_);
}

std::optional<Clock::time_point> Deadlines::earliest() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().at;
}

void Deadlines::expire(Clock::time_point now) {
  while (!heap_.empty() && heap_.front().at <= now) {
    Deadline& first = *heap_.front().deadline;
    remove(first);
    if (first.due_ <= now) {
      first.cancel(Error::timed_out);
    } else if (first.due_ != Deadline::never) {
      insert(first);  // it was moved
    }
  }
}

void Deadlines::set(std::size_t place, Entry entry) {
  heap_[place] = entry;
  entry.deadline->place_ = place;
}

void Deadlines::rise(std::size_t place) {
  const Entry rising = heap_[place];
  while (place > 0) {
    const std::size_t above = (place - 1) / 2;
    if (heap_[above].at <= rising.at) break;
    set(place, heap_[above]);
    place = above;
  }
  set(place, rising);
}

void Deadlines::sink(std::size_t place) {
  const Entry sinking = heap_[place];
  while (true) {
    std::size_t below = 2 * place + 1;
    if (below >= heap_.size()) break;
    if (below + 1 < heap_.size() && heap_[below + 1].at < heap_[below].at) ++below;
    if (sinking.at <= heap_[below].at) break;
    set(place, heap_[below]);
    place = below;
  }
  set(place, sinking);
}

}  // namespace uring
