#include "finger/steps/machine/ring.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>

namespace machine {
namespace {

/// As the loop of part6 asks for: one thread submits, completions are made while it waits.
constexpr unsigned setup_flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;

std::unexpected<std::error_code> error_of(int result) {
  return std::unexpected(std::error_code(-result, std::system_category()));
}

/// Success, or a reason to go on: a signal came, or completions must be taken before more entries
/// can be submitted.
bool may_go_on(int result) { return result >= 0 || result == -EINTR || result == -EBUSY; }

__kernel_timespec until(common::Clock::time_point deadline) {
  using std::chrono::nanoseconds;
  const auto left = std::max(nanoseconds(deadline - common::Clock::now()), nanoseconds(0));
  const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
  return {.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
}

}  // namespace

common::Result<std::unique_ptr<Ring>> Ring::create(unsigned entries) {
  std::unique_ptr<Ring> ring(new Ring);
  const int result = io_uring_queue_init(entries, &ring->ring_, setup_flags);
  if (result < 0) {
    ring->ring_.ring_fd = -1;
    return error_of(result);
  }
  return ring;
}

io_uring_sqe* Ring::next_entry(common::Token token) {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  while (entry == nullptr) {
    (void)io_uring_submit(&ring_);  // what cannot be submitted now stays in the queue
    entry = io_uring_get_sqe(&ring_);
  }
  io_uring_sqe_set_data64(entry, token.value());  // preparing the entry leaves that alone
  return entry;
}

common::Status Ring::submit_and_wait(std::optional<common::Clock::time_point> deadline) {
  int result = 0;
  if (deadline) {
    // The kernel reads it during the call and not later: a local variable will do.
    __kernel_timespec time = until(*deadline);
    io_uring_cqe* first = nullptr;
    result = io_uring_submit_and_wait_timeout(&ring_, &first, 1, &time, nullptr);
    if (result == -ETIME) return {};
  } else {
    result = io_uring_submit_and_wait(&ring_, 1);
  }
  if (!may_go_on(result)) return error_of(result);
  return {};
}

std::optional<Completion> Ring::next_completion() {
  io_uring_cqe* cqe = nullptr;
  if (io_uring_peek_cqe(&ring_, &cqe) != 0) return std::nullopt;  // it also fetches what overflowed
  const Completion completion{common::Token::from_value(cqe->user_data), cqe->res};
  io_uring_cqe_seen(&ring_, cqe);
  return completion;
}

}  // namespace machine
