#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

#include "uring/buffers.h"
#include "uring/descriptor.h"
#include "uring/operation/operation.h"

namespace uring {

/// One turn of a conversation as one operation: sends what was staged, and when the kernel has
/// taken all of it receives what the peer says next, into a buffer that it holds only when bytes
/// are there. Two linked entries, of which only one has a completion:
///
/// - the receive, when there is something to read: then all of the output was sent;
/// - or the send, when it fell short or failed: then nothing was received, and nothing will be.
///
/// So one system call hands over the output of a whole turn and waits for what comes next, nothing
/// is received from a peer that takes no output, and a conversation holds one buffer at most.
/// (A multishot receive would need no second entry, but takes buffer after buffer from a peer that
/// sends faster than it is answered: steps/39-greedy-multishot.)
///
/// The send is tried once and never waits (MSG_DONTWAIT), and a success has no completion
/// (IOSQE_CQE_SKIP_SUCCESS): it is over when the call that submits it returns, and if it has no
/// completion by then it has sent everything. The loop concludes that when it next wakes, whatever
/// wakes it; Loop::hurry() makes it wake without delay. Where another thread submits (SQPOLL), the
/// send and the receive are submitted one after the other.
///
/// What was received stays where it is until the output has been sent: so it may be the output.
///
/// Its states, and what each event makes of it. Only at rest it is not in flight:
///
/// | state         | event                           | next                          |
/// | ------------- | ------------------------------- | ----------------------------- |
/// | at rest       | start() with output             | linked; SQPOLL: sending alone |
/// |               | start() without output          | receiving                     |
/// | linked        | the receive ends                | at rest, as from receiving    |
/// |               | the send falls short or fails   | at rest, with unsent()        |
/// | sending alone | all was sent                    | receiving                     |
/// |               | the send falls short or fails   | at rest, with unsent()        |
/// | receiving     | bytes, or the end of the stream | at rest, received()           |
/// |               | EAGAIN: no memory to poll with  | receiving, without the poll   |
/// |               | another error                   | at rest, with error()         |
///
/// It belongs to no scope: the class that derives from it cancels it.
class SendThenReceive : public Operation {
 public:
  SendThenReceive(LoopCore& loop, Descriptor fd, Buffers& buffers);
  SendThenReceive(const SendThenReceive&) = delete;
  SendThenReceive& operator=(const SendThenReceive&) = delete;

  /// Not "send_then_receive": the trace names the two entries `send` and `recv`, and what both are
  /// parts of by a word that is neither.
  const char* what() const override { return "exchange"; }

  /// What the next start() sends: bytes in input(), whose buffer goes back when they are sent, or
  /// that live until the end; or nothing. Not while in flight.
  void stage(ConstBytes output) { output_ = output; }

  /// The same with bytes that live until output_sent() or, if that is not called, the end.
  void stage_and_report(ConstBytes output) {
    stage(output);
    reports_ = true;
  }

  /// Begins. Ends with go_on(). Not while in flight.
  void start();

  /// What was staged and has not been sent. Not while in flight.
  ConstBytes unsent() const {
    assert(!in_flight());
    return output_;
  }

  /// Whether it has ended with something received, if only the end of the stream.
  bool received() const { return result() >= 0; }

  /// What was received; nothing at the end of the stream.
  std::span<std::byte> input() const {
    return {buffers_->begin_of(number_), static_cast<std::size_t>(result())};
  }

  /// Gives the buffer of input() back before the output is sent, or where none will be.
  void give_input_back() {
    if (input_ == Input::held) buffers_->give_back(number_);
    input_ = Input::none;
  }

  /// Why nothing was received: cancelled, timed_out; no_buffer_space, wait for Buffers::returned();
  /// of recv(2) and, with bytes unsent, of send(2): EAGAIN says that the kernel had no room for
  /// all.
  std::error_code error() const { return error_of(result()); }

 protected:
  /// A class that derives from this one calls cancel_and_wait() in its destructor.
  ~SendThenReceive() { give_input_back(); }

  /// Called when it has ended: take what came.
  void go_on() override = 0;

  /// The kernel has all of the output that was to be reported: its memory is free.
  virtual void output_sent() {}

 private:
  void request_completed(int result, std::uint32_t flags) final;
  void prepare(io_uring_sqe& entry) noexcept override;
  void arrived(int result, std::uint32_t flags) override;
  void ended_before(int result) override;
  void completed_without_cqe() override;
  void ended() override;

  /// Whether there is output, and no more than one send takes: the rest would break no link.
  bool fits_a_link() const { return !output_.empty() && output_.size() <= request_bytes_max; }
  void start_first_part();
  void prepare_send(io_uring_sqe& entry, unsigned link_flags) const;
  void prepare_receive(io_uring_sqe& entry) const;
  void receive_completed(int result, std::uint32_t flags);
  void receive_failed();
  bool must_receive_again();
  void send_ended(int result);
  void all_was_sent();
  [[gnu::cold]] void make_room_and_start();
  void watch_send(const io_uring_sqe& receive);

  /// The buffer that input() is in. It is `leaving` when it goes back as soon as it was sent.
  enum class Input : std::uint8_t { none, held, leaving };

  const Descriptor fd_;
  const bool is_one_request_;
  bool sending_alone_ = false;  ///< The receive is to follow.
  bool reports_ = false;        ///< The end of the send, to output_sent().
  Input input_ = Input::none;
  std::uint16_t number_ = 0;         ///< Of that buffer.
  std::uint32_t receive_flags_ = 0;  ///< SOCK_NONEMPTY: the socket had more than it could take.
  Buffers* buffers_;
  ConstBytes output_;  ///< Staged, and not known to be sent.
};

}  // namespace uring
