#include "uring/send_then_receive.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace uring {

SendThenReceive::SendThenReceive(LoopCore& loop, Descriptor fd, Buffers& buffers)
    : Operation(loop), fd_(fd), is_one_request_(loop.can_skip_success()), buffers_(&buffers) {
  shield();
}

void SendThenReceive::start() {
  if (!is_one_request_ || !fits_a_link()) return start_first_part();
  if (!loop().has_room(2)) return make_room_and_start();  // a link is submitted whole
  const auto [send, receive] = loop().next_two_entries();
  prepare_send(send, IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS);
  send.user_data = user_data_of(Part::before);
  prepare_receive(receive);
  receive.user_data = user_data_of(Part::request);
  mark_begun();
  if (input_ == Input::held) {
    input_ = Input::leaving;
    buffers_->give_back_when_sent(number_);
  }
  if (reports_ || loop().trace() != nullptr) watch_send(receive);
}

void SendThenReceive::make_room_and_start() {
  loop().reserve(2);
  start();
}

/// The send or, if there is nothing to send, the receive.
void SendThenReceive::start_first_part() {
  sending_alone_ = !output_.empty();
  if (!sending_alone_) give_input_back();
  begin();
}

void SendThenReceive::watch_send(const io_uring_sqe& receive) {
  if (reports_) loop().expect_skipped_cqe(*this);
  trace_begun(receive);
  if (Trace* trace = loop().trace()) trace->linked_inside(trace_id(), "send", "recv");
}

void SendThenReceive::prepare(io_uring_sqe& entry) noexcept {
  if (sending_alone_) return prepare_send(entry, 0);
  prepare_receive(entry);
}

// As io_uring_prep_send() and _recv(), which would clear the entry once more: this is done for each
// message.

void SendThenReceive::prepare_send(io_uring_sqe& entry, unsigned link_flags) const {
  entry.opcode = IORING_OP_SEND;
  entry.flags = static_cast<std::uint8_t>(fd_.flags() | link_flags);
  entry.fd = fd_.number();
  entry.addr = reinterpret_cast<std::uintptr_t>(output_.data());
  entry.len = length_of(output_);
  // MSG_WAITALL: a send that falls short breaks the link.
  entry.msg_flags = MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL;
}

void SendThenReceive::prepare_receive(io_uring_sqe& entry) const {
  entry.opcode = IORING_OP_RECV;
  entry.flags = fd_.flags() | IOSQE_BUFFER_SELECT;
  entry.fd = fd_.number();
  entry.buf_group = buffers_->group();
  // Unless there are bytes, it waits for some before it is tried: to try would be in vain, and
  // would need a buffer for that moment.
  if ((receive_flags_ & IORING_CQE_F_SOCK_NONEMPTY) == 0) [[likely]]
    entry.ioprio = IORING_RECVSEND_POLL_FIRST;
}

inline void SendThenReceive::receive_completed(int result, std::uint32_t flags) {
  set_result(result, flags);
  output_ = {};  // all of it was sent, or the receive would not have begun
  if ((flags & IORING_CQE_F_BUFFER) == 0) return receive_failed();
  receive_flags_ = flags;
  number_ = Buffers::number_of(flags);
  input_ = Input::held;
  buffers_->lend(number_, result);
}

/// What each message passes through, in one piece; arrived() and ended() are for what is rare.
void SendThenReceive::request_completed(int result, std::uint32_t flags) {
  const bool has_input = (flags & IORING_CQE_F_BUFFER) != 0;
  if (sending_alone_ || reports_ || !has_input) return Operation::request_completed(result, flags);
  receive_completed(result, flags);
  if (count_completion()) loop().make_ready(*this);  // shielded it is
}

void SendThenReceive::arrived(int result, std::uint32_t flags) {
  if (sending_alone_) {
    set_result(result, flags);
    return send_ended(result);
  }
  if (reports_) all_was_sent();  // or the receive would not have begun
  receive_completed(result, flags);
}

/// Or it has found the end of the stream.
void SendThenReceive::receive_failed() {
  input_ = Input::none;
  if (result() >= 0) return;
  buffers_->receive_failed(result(), flags());
  if (result() == -ENOBUFS) receive_flags_ = IORING_CQE_F_SOCK_NONEMPTY;
}

/// The kernel had no memory to wait for bytes. It has its ways to receive all the same, but not for
/// a request that is to wait first (IORING_RECVSEND_POLL_FIRST).
bool SendThenReceive::must_receive_again() {
  if (result() != -EAGAIN || !output_.empty()) return false;
  const auto before = std::exchange(receive_flags_, IORING_CQE_F_SOCK_NONEMPTY);
  return (before & IORING_CQE_F_SOCK_NONEMPTY) == 0;
}

/// The only completion: a send that fails takes the receive with it, and as the send was to skip
/// its completion, the receive skips its own, too.
void SendThenReceive::ended_before(int result) {
  if (input_ == Input::leaving) {
    buffers_->keep(number_);
    input_ = Input::held;
  }
  send_ended(result);
}

void SendThenReceive::send_ended(int result) {
  const std::size_t sent = result > 0 ? static_cast<std::size_t>(result) : 0;
  if (sent == output_.size()) return all_was_sent();
  output_ = output_.subspan(sent);
  set_result(result < 0 ? result : -EAGAIN, 0);
  reports_ = false;
}

/// The receive is under way, or the send would have had a completion.
void SendThenReceive::completed_without_cqe() {
  if (reports_ && in_flight()) all_was_sent();
}

void SendThenReceive::all_was_sent() {
  output_ = {};
  give_input_back();
  if (std::exchange(reports_, false)) output_sent();
}

void SendThenReceive::ended() {
  const bool receive_follows = std::exchange(sending_alone_, false) && output_.empty();
  if (!receive_follows && !must_receive_again()) return make_ready();
  if (reason() == Error{}) return begin();
  refuse(reason());  // it was cancelled meanwhile
  make_ready();
}

}  // namespace uring
