#include "uring/exchange.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "uring/loop.h"

namespace uring {

// MSG_WAITALL makes a send that falls short break the link: since 5.19, like buffer rings.
Exchange::Exchange(Loop& loop, Descriptor fd, Buffers& buffers)
    : Operation(loop),
      is_one_request_(loop.can_be_silent() && has(Feature::buffer_ring)),
      buffers_(&buffers),
      fd_(fd) {
  shield();
}

void Exchange::start(ConstBytes answer) {
  forget_reason();
  answer_ = answer;
  send_error_ = 0;
  sending_ = !answer.empty() && !is_one_request_;
  loop().reserve(2);  // a link goes in whole
  has_begun();
  if (!answer.empty()) {
    io_uring_sqe& send = loop().next_entry();
    prepare_send(send);
    if (sending_) {
      send.user_data = name_of(Part::request);
      return;
    }
    send.flags |= IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;
    send.user_data = name_of(Part::before);
    loop().expect_silence(*this);
  }
  io_uring_sqe& receive = loop().next_entry();
  prepare_receive(receive);
  receive.user_data = name_of(Part::request);
}

// The two entries field by field, as io_uring_prep_send() and _recv() would after clearing them
// again: this is done for each message.

void Exchange::prepare_send(io_uring_sqe& entry) const {
  entry.opcode = IORING_OP_SEND;
  entry.fd = fd_.number();
  entry.addr = reinterpret_cast<std::uintptr_t>(answer_.data());
  entry.len = static_cast<std::uint32_t>(answer_.size());
  entry.msg_flags = MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL;
  fd_.mark(entry);
}

void Exchange::prepare_receive(io_uring_sqe& entry) const {
  entry.opcode = IORING_OP_RECV;
  entry.fd = fd_.number();
  fd_.mark(entry);
  buffers_->mark(entry);
}

void Exchange::prepare(io_uring_sqe& entry) {
  if (sending_) return prepare_send(entry);
  prepare_receive(entry);
}

void Exchange::arrived(int result, std::uint32_t flags) {
  Operation::arrived(result, flags);
  if (sending_) return send_ended(result);
  if (!answer_.empty()) all_was_sent();  // before anything could be received
}

/// The only completion: what was linked behind a silent request that fails ends in silence, too.
void Exchange::ended_before(int result) { send_ended(result); }

void Exchange::send_ended(int result) {
  unlink();  // it has spoken
  const std::size_t sent = result > 0 ? static_cast<std::size_t>(result) : 0;
  if (sent == answer_.size()) return all_was_sent();
  answer_ = answer_.subspan(sent);
  send_error_ = result < 0 ? result : -EAGAIN;
}

void Exchange::all_was_sent() {
  unlink();  // nothing is to be concluded from silence any more
  nothing_was_said();
}

void Exchange::nothing_was_said() {
  answer_ = {};
  answer_sent();
}

void Exchange::ended() {
  // Sent, and now the receive; unless somebody wants us to end.
  if (sending_) {
    sending_ = false;
    if (answer_.empty()) {
      if (reason() == Error{}) return begin();
      refuse(reason());
    }
  }
  exchanged();
}

}  // namespace uring
