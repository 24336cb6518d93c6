#pragma once

#include <cstddef>

#include "uring/buffers.h"
#include "uring/descriptor.h"
#include "uring/operation.h"
#include "uring/request_maker.h"

namespace uring {

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
/// if nothing was said by then it has sent everything: answer_sent() is called when the loop next
/// wakes, for whatever reason; Loop::hurry() makes it wake at once. Where a kernel cannot keep
/// silent about a success, or another thread submits, the two go in one after the other.
///
/// Whoever derives from it owns what the answer is in, calls settle() in its destructor, and
/// cancels it: it belongs to no scope.
class Exchange : public Operation {
 public:
  Exchange(Loop& loop, Descriptor fd, Buffers& buffers);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  const char* what() const override { return "exchange"; }

  /// `answer` may be empty; else it must live until answer_sent() or, if that is not called, the
  /// end. Not while another is in flight.
  void start(ConstBytes answer);

  /// What of the answer was not sent, when it has ended.
  ConstBytes unsent() const { return answer_; }

  /// Whether it has ended with something received, if only the end of the stream.
  bool received() const { return send_error_ == 0 && result() >= 0; }

  /// What was received, once; an empty lease at the end of the stream.
  Lease lease() { return buffers_->lease(result(), flags()); }

  /// Why nothing was received: cancelled, timed_out; no_buffer_space, wait for Buffers::returned();
  /// of recv(2) and, with bytes unsent, of send(2): EAGAIN says that the kernel had no room for
  /// all.
  std::error_code error() const { return error_of(send_error_ != 0 ? send_error_ : result()); }

 protected:
  ~Exchange() = default;

  /// All of the answer is with the kernel, its memory is free.
  virtual void answer_sent() = 0;

  /// Take what came.
  virtual void exchanged() = 0;

 private:
  void prepare(io_uring_sqe& entry) override;
  void arrived(int result, std::uint32_t flags) override;
  void ended_before(int result) override;
  void nothing_was_said() override;
  void ended() override;

  void send_ended(int result);
  void all_was_sent();

  const bool is_one_request_;
  bool sending_ = false;  ///< The send went in alone, the receive is to follow.
  int send_error_ = 0;
  Buffers* buffers_;
  ConstBytes answer_;  ///< What is not known to be sent.
  Descriptor fd_;
};

}  // namespace uring
