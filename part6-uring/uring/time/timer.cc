#include "uring/time/timer.h"

namespace uring {

Timer::~Timer() {
  if (place_ != nowhere) timers_->remove(*this);
}

void Timers::put_in_place(Timer& timer) {
  if (timer.place_ != Timer::nowhere) remove(timer);
  if (timer.due_ != Timer::never) insert(timer);
}

void Timers::insert(Timer& timer) {
  heap_.emplace_back();
  put(heap_.size() - 1, {.at = timer.due_, .timer = &timer});
  rise(timer.place_);
}

void Timers::remove(Timer& timer) {
  const std::size_t place = timer.place_;
  timer.place_ = Timer::nowhere;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (last.timer == &timer) return;
  put(place, last);
  rise(place);
  sink(last.timer->place_);
}

std::optional<Clock::time_point> Timers::earliest() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().at;
}

void Timers::expire(Clock::time_point now) {
  while (!heap_.empty() && heap_.front().at <= now) {
    Timer& first = *heap_.front().timer;
    remove(first);
    if (first.due_ <= now) {
      first.expire();
    } else if (first.due_ != Timer::never) {
      insert(first);  // it was moved
    }
  }
}

void Timers::put(std::size_t place, Entry entry) {
  heap_[place] = entry;
  entry.timer->place_ = place;
}

void Timers::rise(std::size_t place) {
  const Entry rising = heap_[place];
  while (place > 0) {
    const std::size_t above = (place - 1) / 2;
    if (heap_[above].at <= rising.at) break;
    put(place, heap_[above]);
    place = above;
  }
  put(place, rising);
}

void Timers::sink(std::size_t place) {
  const Entry sinking = heap_[place];
  while (true) {
    std::size_t below = 2 * place + 1;
    if (below >= heap_.size()) break;
    if (below + 1 < heap_.size() && heap_[below + 1].at < heap_[below].at) ++below;
    if (sinking.at <= heap_[below].at) break;
    put(place, heap_[below]);
    place = below;
  }
  put(place, sinking);
}

}  // namespace uring
