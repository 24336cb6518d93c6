#include "uring/quiet_send.h"

#include <cerrno>

#include "uring/loop.h"

namespace uring {

void QuietSend::start(Descriptor fd, ConstBytes bytes) {
  fd_ = fd;
  bytes_ = bytes;
  begin();
  silent_ = loop().can_be_silent();
  if (silent_) loop().expect_silence(*this);
}

void QuietSend::prepare(io_uring_sqe& entry) {
  io_uring_prep_send(&entry, fd_.number(), bytes_.data(), bytes_.size(),
                     MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL);
  fd_.mark(entry);
  if (!loop().can_be_silent()) return;
  entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
}

void QuietSend::Sent::await_suspend(std::coroutine_handle<> awaiting) {
  waiter_.wait(send_.loop(), awaiting);
  send_.waiting_ = &waiter_;
  send_.loop().hurry();
}

void QuietSend::nothing_was_said() {
  if (std::exchange(silent_, false)) ended_in_silence(static_cast<int>(bytes_.size()), 1);
}

Result<std::size_t> QuietSend::Sent::await_resume() const {
  const int result = send_.result();
  if (result == -EAGAIN) return 0;
  if (result < 0) return std::unexpected(send_.error());
  return static_cast<std::size_t>(result);
}

}  // namespace uring
