#include "poller.h"

#include <cassert>
#include <utility>

namespace stage {
namespace {

short poll_events(Readiness interest) {
  return static_cast<short>((interest.input ? POLLIN : 0) | (interest.output ? POLLOUT : 0));
}

/// poll(2) reports errors and hang-ups unasked, alone or with others.
Readiness readiness(short revents) {
  constexpr int unasked = POLLERR | POLLHUP | POLLNVAL;
  return {.input = (revents & (POLLIN | unasked)) != 0,
          .output = (revents & (POLLOUT | unasked)) != 0};
}

}  // namespace

std::size_t& Poller::index_of(const common::Fd& fd) {
  const auto number = static_cast<std::size_t>(fd.get());
  if (number >= index_.size()) index_.resize(number + 1, unwatched);
  return index_[number];
}

void Poller::watch(const common::Fd& fd, common::Token token, Readiness interest) {
  assert(index_of(fd) == unwatched);
  index_of(fd) = polled_.size();
  polled_.push_back({.fd = fd.get(), .events = poll_events(interest), .revents = 0});
  tokens_.push_back(token);
}

void Poller::change(const common::Fd& fd, common::Token token, Readiness interest) {
  const std::size_t index = index_of(fd);
  assert(index < polled_.size() && tokens_[index] == token);
  polled_[index].events = poll_events(interest);
}

void Poller::forget(const common::Fd& fd) {
  const std::size_t index = std::exchange(index_of(fd), unwatched);
  if (index == unwatched) return;
  if (index + 1 < polled_.size()) {  // the last one moves here
    polled_[index] = polled_.back();
    tokens_[index] = tokens_.back();
    index_[static_cast<std::size_t>(polled_[index].fd)] = index;
  }
  polled_.pop_back();
  tokens_.pop_back();
}

common::Result<std::span<const Event>> Poller::wait(
    std::optional<common::Clock::time_point> deadline) {
  events_.clear();
  int ready = ::poll(polled_.data(), polled_.size(), common::timeout_ms(deadline));
  if (ready < 0) {
    if (errno == EINTR) return events_;  // a signal came; the caller will wait again
    return common::last_error();
  }
  for (std::size_t i = 0; ready > 0 && i < polled_.size(); ++i) {
    if (polled_[i].revents == 0) continue;
    events_.push_back({.token = tokens_[i], .ready = readiness(polled_[i].revents)});
    --ready;  // the kernel said how many, so we can skip the rest
  }
  return events_;
}

}  // namespace stage
