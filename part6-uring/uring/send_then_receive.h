#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "uring/buffers.h"
#include "uring/descriptor.h"
#include "uring/operation.h"
#include "uring/operation_factory.h"

namespace uring {

/// What an entry begins with, in the layout of io_uring_sqe: filled in once, copied in one piece.
struct EntryHead {
  EntryHead(std::uint8_t what, Descriptor about, int more_flags)
      : opcode(what),
        flags(static_cast<std::uint8_t>(about.flags() | more_flags)),
        fd(about.number()) {}

  void put_into(io_uring_sqe& entry) const { std::memcpy(&entry, this, sizeof *this); }

  std::uint8_t opcode;
  std::uint8_t flags;
  std::uint16_t ioprio = 0;
  std::int32_t fd;
};
static_assert(offsetof(EntryHead, flags) == offsetof(io_uring_sqe, flags));
static_assert(offsetof(EntryHead, ioprio) == offsetof(io_uring_sqe, ioprio));
static_assert(offsetof(EntryHead, fd) == offsetof(io_uring_sqe, fd));

/// A turn of a conversation as one operation: sends an answer, and when the kernel has taken all of
/// it receives what comes next, into a buffer that is not chosen before it is needed. Two linked
/// entries, of which only one has a completion:
///
/// - the receive's, when there is something to read: all of the answer was sent;
/// - or the send's, when it fell short or failed: nothing was received, and nothing will be.
///
/// So one system call hands over the answers of a whole turn and waits for what comes next, a peer
/// that takes no answers is asked nothing more, and a conversation holds one buffer at most.
///
/// The send is tried once and never waits. So it is over when the call that submits it returns, and
/// if nothing was said by then it has sent everything. That is known when the loop next wakes, for
/// whatever reason; Loop::hurry() makes it wake at once. Where a kernel cannot keep silent about a
/// success, or another thread submits, the two go in one after the other.
///
/// What was received stays where it is until the answer to it was sent: so it may be the answer.
///
/// Whoever derives from it cancels it: it belongs to no scope.
class SendThenReceive : public Operation {
 public:
  SendThenReceive(Loop& loop, Descriptor fd, Buffers& buffers);
  SendThenReceive(const SendThenReceive&) = delete;
  SendThenReceive& operator=(const SendThenReceive&) = delete;

  const char* what() const override { return "exchange"; }

  /// `answer` may be empty. Else it is in input(), which goes back when it was sent, or lives until
  /// the end. Not while another is in flight.
  void start(ConstBytes answer);

  /// The same with an answer that lives until answer_sent() or, if that is not called, the end.
  void start_and_tell(ConstBytes answer);

  /// What of the answer was not sent, when it has ended.
  ConstBytes unsent() const {
    assert(!in_flight());
    return received() ? ConstBytes() : answer_;
  }

  /// Whether it has ended with something received, if only the end of the stream.
  bool received() const { return result() >= 0; }

  /// What was received; nothing at the end of the stream.
  std::span<std::byte> input() const {
    return {buffers_->begin_of(number_), static_cast<std::size_t>(result())};
  }

  /// Earlier than start() does it, or where that will not come.
  void give_input_back() {
    if (input_ == Input::held) buffers_->give_back(number_);
    input_ = Input::none;
  }

  /// Why nothing was received: cancelled, timed_out; no_buffer_space, wait for Buffers::returned();
  /// of recv(2) and, with bytes unsent, of send(2): EAGAIN says that the kernel had no room for
  /// all.
  std::error_code error() const { return error_of(result()); }

 protected:
  /// cancel_and_wait(), then give_input_back(): whoever derives from it calls both.
  ~SendThenReceive() = default;

  /// Called when it has ended: take what came.
  void go_on() override = 0;

  /// All of what start_and_tell() was given is with the kernel, its memory is free.
  virtual void answer_sent() {}

 private:
  void request_completed(int result, std::uint32_t flags) final;
  void prepare(io_uring_sqe& entry) override;
  void arrived(int result, std::uint32_t flags) override;
  void ended_before(int result) override;
  void completed_without_cqe() override;
  void ended() override;

  [[gnu::cold]] void start_when_there_is_room(ConstBytes answer);
  void start_first_part(ConstBytes answer);
  void fill_send(io_uring_sqe& entry, ConstBytes answer) const;
  void fill_receive(io_uring_sqe& entry) const;
  void take(int result, std::uint32_t flags);
  void take_nothing();
  void send_ended(int result);
  void first_part_ended();
  void all_was_sent();
  [[gnu::cold]] void show(const io_uring_sqe& receive);  ///< In the trace.

  /// The buffer that input() is in: goes back by itself when it was sent, if it is `leaving`.
  enum class Input : std::uint8_t { none, held, leaving };

  const bool is_one_request_;
  bool sending_ = false;  ///< The send went in alone, the receive is to follow.
  bool tells_ = false;
  Input input_ = Input::none;
  std::uint16_t number_ = 0;  ///< Of that buffer.
  Buffers* buffers_;
  ConstBytes answer_;  ///< What is not known to be sent.
  const EntryHead send_;
  const EntryHead receive_;
};

}  // namespace uring
