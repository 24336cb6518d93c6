#include "uring/send_then_receive.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "uring/loop.h"

namespace uring {

// MSG_WAITALL makes a send that falls short break the link: since 5.19, like buffer rings.
SendThenReceive::SendThenReceive(Loop& loop, Descriptor fd, Buffers& buffers)
    : Operation(loop),
      fd_(fd),
      is_one_request_(loop.can_skip_success() && has(Feature::buffer_ring)),
      buffers_(&buffers) {
  shield();
}

void SendThenReceive::start() {
  if (output_.empty()) {
    give_input_back();
    return begin();
  }
  if (!is_one_request_) {
    sending_alone_ = true;
    return begin();
  }
  loop().reserve(2);  // a link is submitted whole
  io_uring_sqe& send = loop().next_entry();
  prepare_send(send);
  send.flags |= IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;
  send.user_data = user_data_of(Part::before);
  fill().ioprio = loop().receive_flags();
  if (Trace* trace = loop().trace()) trace->linked_inside(*this, "send", "recv");
  loop().expect_skipped_cqe(*this);
}

void SendThenReceive::prepare(io_uring_sqe& entry) {
  if (sending_alone_) return prepare_send(entry);
  io_uring_prep_recv(&entry, fd_.number(), nullptr, 0, 0);
  fd_.mark(entry);
  buffers_->mark(entry);
}

void SendThenReceive::prepare_send(io_uring_sqe& entry) const {
  constexpr int flags = MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL;
  io_uring_prep_send(&entry, fd_.number(), output_.data(), output_.size(), flags);
  fd_.mark(entry);
}

void SendThenReceive::arrived(int result, std::uint32_t flags) {
  set_result(result, flags);
  if (sending_alone_) return send_ended(result);
  if (!output_.empty()) all_was_sent();  // or the receive would not have begun
  if ((flags & IORING_CQE_F_BUFFER) != 0) {
    number_ = Buffers::number_of(flags);
    holds_input_ = true;
    buffers_->lend(number_, result);
  } else if (result == -ENOBUFS) {
    buffers_->ran_out();
  }
}

/// The only completion: a send that fails takes the receive with it, and as the send was to skip
/// its completion, that skips its own, too.
void SendThenReceive::ended_before(int result) { send_ended(result); }

void SendThenReceive::send_ended(int result) {
  const std::size_t sent = result > 0 ? static_cast<std::size_t>(result) : 0;
  if (sent == output_.size()) return all_was_sent();
  output_ = output_.subspan(sent);
  set_result(result < 0 ? result : -EAGAIN, 0);
}

/// The receive is under way, or the send would have had a completion.
void SendThenReceive::completed_without_cqe() {
  if (in_flight() && !output_.empty()) all_was_sent();
}

void SendThenReceive::all_was_sent() {
  output_ = {};
  give_input_back();
  output_sent();
}

void SendThenReceive::ended() {
  const bool receive_follows = std::exchange(sending_alone_, false) && output_.empty();
  if (!receive_follows) return make_ready();
  if (reason() == Error{}) return begin();
  refuse(reason());  // it was cancelled meanwhile
  make_ready();
}

}  // namespace uring
