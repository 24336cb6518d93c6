#include "uring/exchange.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "uring/loop.h"

namespace uring {
namespace {

// Field by field, as io_uring_prep_send() and _recv() would after clearing them again: this is done
// for each message.

void fill_send(io_uring_sqe& entry, Descriptor fd, ConstBytes answer, unsigned flags) {
  entry.opcode = IORING_OP_SEND;
  entry.flags = static_cast<std::uint8_t>(fd.flags() | flags);
  entry.fd = fd.number();
  entry.addr = reinterpret_cast<std::uintptr_t>(answer.data());
  entry.len = static_cast<std::uint32_t>(answer.size());
  entry.msg_flags = MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL;
}

void fill_receive(io_uring_sqe& entry, Descriptor fd, const Buffers& buffers) {
  entry.opcode = IORING_OP_RECV;
  entry.flags = fd.flags();
  entry.fd = fd.number();
  buffers.mark(entry);
}

}  // namespace

// MSG_WAITALL makes a send that falls short break the link: since 5.19, like buffer rings.
Exchange::Exchange(Loop& loop, Descriptor fd, Buffers& buffers)
    : Operation(loop),
      is_one_request_(loop.can_be_silent() && has(Feature::buffer_ring)),
      buffers_(&buffers),
      fd_(fd) {
  shield();
}

void Exchange::start(ConstBytes answer) {
  if (answer.empty() || !is_one_request_) {
    answer_ = answer;
    send_error_ = 0;
    sending_ = !answer.empty();
    return begin();
  }
  // A link goes in whole. This may collect completions: the new answer must not be here yet, or the
  // end of the last one's silence would be taken for its.
  const auto [send, receive] = loop().next_entries();
  answer_ = answer;
  send_error_ = 0;
  fill_send(send, fd_, answer_, IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS);
  send.user_data = name_of(Part::before);
  fill_receive(receive, fd_, *buffers_);
  receive.user_data = name_of(Part::request);
  has_begun();
  if (Trace* trace = loop().trace()) {
    trace->begun(*this, &receive);
    trace->linked_inside(*this, "send", "recv");
  }
  loop().expect_silence(*this);
}

void Exchange::prepare(io_uring_sqe& entry) {
  if (sending_) return fill_send(entry, fd_, answer_, 0);
  fill_receive(entry, fd_, *buffers_);
}

void Exchange::arrived(int result, std::uint32_t flags) {
  Operation::arrived(result, flags);
  if (sending_) return send_ended(result);
  if (!answer_.empty()) all_was_sent();  // before anything could be received
}

/// The only completion: what was linked behind a silent request that fails ends in silence, too.
void Exchange::ended_before(int result) { send_ended(result); }

void Exchange::send_ended(int result) {
  const std::size_t sent = result > 0 ? static_cast<std::size_t>(result) : 0;
  if (sent == answer_.size()) return all_was_sent();
  answer_ = answer_.subspan(sent);
  send_error_ = result < 0 ? result : -EAGAIN;
}

void Exchange::nothing_was_said() {
  if (!answer_.empty() && send_error_ == 0) all_was_sent();
}

void Exchange::all_was_sent() {
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
