#include "uring/send_then_receive.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "uring/loop.h"

namespace uring {
namespace {

constexpr std::uint8_t link_and_skip_success = IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;

}  // namespace

// MSG_WAITALL makes a send that falls short break the link: since 5.19, like buffer rings.
SendThenReceive::SendThenReceive(Loop& loop, Descriptor fd, Buffers& buffers)
    : Operation(loop),
      is_one_request_(loop.can_skip_success() && has(Feature::buffer_ring)),
      buffers_(&buffers),
      send_(IORING_OP_SEND, fd, is_one_request_ ? link_and_skip_success : 0),
      receive_(IORING_OP_RECV, fd, IOSQE_BUFFER_SELECT) {
  shield();
}

// As io_uring_prep_send() and _recv() would after clearing the entry again: this is done for each
// message.

void SendThenReceive::fill_send(io_uring_sqe& entry, ConstBytes answer) const {
  send_.put_into(entry);
  entry.addr = reinterpret_cast<std::uintptr_t>(answer.data());
  entry.len = static_cast<std::uint32_t>(answer.size());
  entry.msg_flags = MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL;
}

void SendThenReceive::fill_receive(io_uring_sqe& entry) const {
  receive_.put_into(entry);
  entry.buf_group = buffers_->group();
}

void SendThenReceive::start(ConstBytes answer) {
  if (answer.empty() || !is_one_request_) return start_first_part(answer);
  // A link goes in whole.
  if (!loop().has_room_for_two()) return start_when_there_is_room(answer);
  const auto [send, receive] = loop().next_entries();
  fill_send(send, answer);
  send.user_data = user_data_of(Part::before);
  fill_receive(receive);
  receive.ioprio = loop().receive_flags();
  receive.user_data = user_data_of(Part::request);
  answer_ = answer;
  mark_begun();
  if (input_ == Input::held) [[likely]] {
    input_ = Input::leaving;
    buffers_->give_back_when_sent(number_);
  }
  if (loop().trace() != nullptr) show(receive);
}

/// To make room may mean to collect completions: the new answer must not be here yet, or the end of
/// the last one's silence would be taken for its.
void SendThenReceive::start_when_there_is_room(ConstBytes answer) {
  loop().reserve(2);
  start(answer);
}

/// The send or, if there is nothing to send, the receive.
void SendThenReceive::start_first_part(ConstBytes answer) {
  if (answer.empty()) give_input_back();
  answer_ = answer;
  sending_ = !answer.empty();
  begin();
}

void SendThenReceive::start_and_tell(ConstBytes answer) {
  tells_ = true;
  start(answer);
  if (is_one_request_) loop().expect_skipped_cqe(*this);
}

void SendThenReceive::show(const io_uring_sqe& receive) {
  loop().trace()->begun(*this, &receive);
  loop().trace()->linked_inside(*this, "send", "recv");
}

void SendThenReceive::prepare(io_uring_sqe& entry) {
  if (sending_) return fill_send(entry, answer_);
  fill_receive(entry);
}

/// In one piece, so that nothing is asked twice; arrived() and ended() are for what is rare.
void SendThenReceive::request_completed(int result, std::uint32_t flags) {
  if (sending_ || tells_) return Operation::request_completed(result, flags);
  take(result, flags);
  if (complete_one())
    loop().make_ready(*this);  // it is shielded, and in no list that it had to leave
}

void SendThenReceive::arrived(int result, std::uint32_t flags) {
  if (sending_) {
    set_result(result, flags);
    return send_ended(result);
  }
  if (tells_) all_was_sent();
  take(result, flags);
}

/// The receive's completion.
inline void SendThenReceive::take(int result, std::uint32_t flags) {
  set_result(result, flags);
  if ((flags & IORING_CQE_F_BUFFER) == 0) return take_nothing();
  number_ = Buffers::number_of(flags);
  input_ = Input::held;
  buffers_->lend(number_, result);
}

/// The end of the stream, or an error; but all of the answer was sent, or there would be no
/// receive.
void SendThenReceive::take_nothing() {
  if (result() == -ENOBUFS) buffers_->ran_out();
  answer_ = {};
  input_ = Input::none;
}

/// The only completion: what was linked behind a silent request that fails ends in silence, too.
void SendThenReceive::ended_before(int result) {
  if (input_ == Input::leaving) {
    buffers_->keep(number_);
    input_ = Input::held;
  }
  send_ended(result);
}

void SendThenReceive::send_ended(int result) {
  const std::size_t sent = result > 0 ? static_cast<std::size_t>(result) : 0;
  if (sent == answer_.size()) return all_was_sent();
  answer_ = answer_.subspan(sent);
  set_result(result < 0 ? result : -EAGAIN, 0);
  tells_ = false;
}

void SendThenReceive::completed_without_cqe() {
  if (tells_) all_was_sent();
}

void SendThenReceive::all_was_sent() {
  answer_ = {};
  give_input_back();
  if (std::exchange(tells_, false)) answer_sent();
}

void SendThenReceive::ended() {
  if (sending_) return first_part_ended();
  make_ready();
}

/// Sent, and now the receive; unless somebody wants us to end.
void SendThenReceive::first_part_ended() {
  sending_ = false;
  if (answer_.empty()) {
    if (reason() == Error{}) return begin();
    refuse(reason());
  }
  make_ready();
}

}  // namespace uring
