#include "uring/quiet_send.h"

#include <cerrno>

#include "uring/loop.h"

namespace uring {

void QuietSend::start(Descriptor fd, ConstBytes bytes) {
  fd_ = fd;
  bytes_ = bytes;
  begin();
  skipped_ = loop().can_skip_success();
  if (skipped_) loop().expect_skipped_cqe(*this);
}

void QuietSend::prepare(io_uring_sqe& entry) {
  io_uring_prep_send(&entry, fd_.number(), bytes_.data(), bytes_.size(),
                     MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL);
  fd_.mark(entry);
  if (!loop().can_skip_success()) return;
  entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
}

void QuietSend::Sent::await_suspend(std::coroutine_handle<> awaiting) {
  waiter_.wait(send_.loop(), awaiting);
  send_.waiting_ = &waiter_;
  send_.loop().hurry();
}

void QuietSend::completed_without_cqe() {
  if (std::exchange(skipped_, false)) count_skipped_cqes(static_cast<int>(bytes_.size()), 1);
}

Result<std::size_t> QuietSend::Sent::await_resume() const {
  const int result = send_.result();
  if (result == -EAGAIN) return 0;
  if (result < 0) return std::unexpected(send_.error());
  return static_cast<std::size_t>(result);
}

}  // namespace uring
