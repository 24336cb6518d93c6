#include "uring/request/operation.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>

#include "uring/time/timespec.h"

namespace uring {
namespace {

/// How long to wait before we repeat a cancel request: 1 ms, then twice as long each time, up to a
/// quarter of a second. An operation that ends by itself during a pause has ended for us when the
/// pause ends. The pauses stay in place, because the kernel may look later.
auto pauses = [] {
  std::array<__kernel_timespec, 9> all{};
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = timespec_of(std::chrono::milliseconds(1LL << i));
  }
  return all;
}();

}  // namespace

void Operation::cancel(Error reason) {
  if (!in_flight()) return;
  if (reason_ == Error{}) reason_ = reason;  // the first reason counts
  ask_to_cancel(Ask::now);
}

void Operation::ask_to_cancel(Ask when) {
  if (cancel_asked_ || !can_be_found()) return;
  loop().reserve(when == Ask::now ? 1 : 2);  // may collect completions, and among them our last
  if (!in_flight() || !can_be_found()) return;
  if (when == Ask::later) {
    // The two have one completion: a success has none, and a failure takes the other with it.
    io_uring_sqe& pause = loop().next_entry();
    io_uring_prep_timeout(&pause, &pauses[pause_], 0, IORING_TIMEOUT_ETIME_SUCCESS);
    if (pause_ + 1U < pauses.size()) ++pause_;
    pause.flags |= IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;
    pause.user_data = user_data_of(Part::cancel_request);
  }
  io_uring_sqe& entry = loop().next_entry();
  io_uring_prep_cancel64(&entry, user_data_of(Part::request), 0);
  entry.user_data = user_data_of(Part::cancel_request);
  cancel_asked_ = true;
  ++outstanding_;
  if (Trace* trace = loop().trace()) trace->cancel_asked(trace_id());
}

void Operation::trace_begun(const io_uring_sqe& entry) {
  number_ = loop().trace()->begun(what(), entry);
}

void Operation::trace_end() const { loop().trace()->ended(trace_id(), result_); }

/// However the kernel answers, the request's own completion decides how the request ended. Without
/// one, we have to ask again. Perhaps the kernel didn't find the request, which was between two
/// waits, or whose end a kernel thread has yet to report. Or an io worker had it (EALREADY) and was
/// told, but may have been about to hand it over to poll without looking again. We don't ask
/// immediately, which would be pointless as long as nothing changes: with a dead file server, an io
/// worker keeps the request for as long as that lasts, and there may be a thousand such files.
void Operation::cancel_answered(int result) {
  cancel_asked_ = false;
  complete_one();
  if (in_flight() && result != 0) ask_to_cancel(Ask::later);
}

void Operation::cancel_and_wait_slow() {
  cancel(Error::cancelled);
  while (in_flight()) loop().wait_and_collect();
}

void Operation::refuse(Error reason) {
  reason_ = reason;
  result_ = -ECANCELED;
}

std::error_code Operation::error_of(int result) const {
  constexpr int restart = 512;  // ERESTARTSYS, from an interrupted io worker
  const bool cut_off = result == -ECANCELED || result == -EINTR || result == -restart;
  if (cut_off && reason_ != Error{}) return reason_;
  // Loop::cancel() ended it. Or the operation needed an io worker, and the kernel could start none.
  if (result == -ECANCELED || result == -restart) return Error::cancelled;
  return {-result, std::system_category()};
}

}  // namespace uring
