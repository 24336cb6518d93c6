#include "poller.h"

#include <array>

namespace stage {
namespace {

std::uint32_t epoll_events(Readiness interest) {
  return (interest.input ? EPOLLIN : 0U) | (interest.output ? EPOLLOUT : 0U);
}

/// epoll(7) reports errors and hang-ups unasked, alone or with others.
Readiness readiness(std::uint32_t events) {
  constexpr std::uint32_t unasked = EPOLLERR | EPOLLHUP;
  return {.input = (events & (EPOLLIN | unasked)) != 0,
          .output = (events & (EPOLLOUT | unasked)) != 0};
}

}  // namespace

common::Result<Poller> Poller::create(AcceptHow accept, int shared_epoll) {
  Poller poller;
  poller.epoll_ = common::Fd(::epoll_create1(EPOLL_CLOEXEC));
  if (!poller.epoll_) return common::last_error();
  poller.accept_ = accept;
  poller.shared_epoll_ = shared_epoll;
  return poller;
}

common::Status Poller::control(int operation, int number, common::Token token,
                               std::uint32_t events) {
  epoll_event event{.events = events, .data = {.u64 = token.value()}};
  if (::epoll_ctl(epoll_.get(), operation, number, &event) < 0) return common::last_error();
  return {};
}

common::Status Poller::watch(const common::Fd& fd, common::Token token, Readiness interest) {
  return control(EPOLL_CTL_ADD, fd.get(), token, epoll_events(interest));
}

common::Status Poller::change(const common::Fd& fd, common::Token token, Readiness interest) {
  return control(EPOLL_CTL_MOD, fd.get(), token, epoll_events(interest));
}

void Poller::forget(const common::Fd& fd) {
  // Closing would do this, but only if no duplicate of the descriptor is left. ENOENT if it wasn't
  // watched.
  (void)control(EPOLL_CTL_DEL, fd.get(), {}, 0);
}

common::Status Poller::watch_listener(const common::Fd& listener, common::Token token) {
  switch (accept_) {
    case AcceptHow::reuseport:
      break;
    case AcceptHow::exclusive:  // since Linux 4.5: wakes at least one worker, not all
      return control(EPOLL_CTL_ADD, listener.get(), token, EPOLLIN | EPOLLEXCLUSIVE);
    case AcceptHow::shared:
      return control(EPOLL_CTL_ADD, shared_epoll_, token, EPOLLIN);
  }
  return watch(listener, token, {.input = true, .output = false});
}

void Poller::forget_listener(const common::Fd& listener) {
  const int watched = accept_ == AcceptHow::shared ? shared_epoll_ : listener.get();
  (void)control(EPOLL_CTL_DEL, watched, {}, 0);
}

common::Result<std::span<const Event>> Poller::wait(
    std::optional<common::Clock::time_point> deadline) {
  events_.clear();
  std::array<epoll_event, batch_events_max> batch;
  const int ready =
      ::epoll_wait(epoll_.get(), batch.data(), batch.size(), common::timeout_ms(deadline));
  if (ready < 0) {
    if (errno == EINTR) return events_;  // a signal came; the caller will wait again
    return common::last_error();
  }
  for (const epoll_event& event : std::span(batch).first(static_cast<std::size_t>(ready))) {
    events_.push_back(
        {.token = common::Token::from_value(event.data.u64), .ready = readiness(event.events)});
  }
  return events_;
}

}  // namespace stage
