#pragma once

#include <coroutine>
#include <cstddef>

#include "uring/descriptor.h"
#include "uring/operation.h"
#include "uring/operation_factory.h"
#include "uring/scope.h"

namespace uring {

/// A send that is not worth waking up for: when the kernel takes all bytes at once, which is nearly
/// always, there is no completion, and so one system call submits the answers of a whole turn and
/// waits for what comes next.
///
///     QuietSend answer(loop);
///     answer.start(client, bytes);
///     const auto received = co_await stream.next();  // hands over the answer, waits for input
///     const auto sent = co_await answer.sent();      // known by then: does not wait
///
/// Its end is the return of the system call that submitted it: it never waits for room, and what it
/// could not send at once it reports with a completion. Where the kernel cannot keep silent, or
/// another thread submits, the end is its completion as ever.
class QuietSend final : public Operation {
 public:
  explicit QuietSend(Loop& loop) : Operation(loop) { shield(); }
  ~QuietSend() { cancel_and_wait(); }

  const char* what() const override { return "quiet_send"; }

  /// `bytes` must live until the end. Not while another is in flight.
  void start(Descriptor fd, ConstBytes bytes);

  void completed_without_cqe() override;

  class [[nodiscard]] Sent {
   public:
    explicit Sent(QuietSend& send) : send_(send) {}
    ~Sent() { send_.waiting_ = nullptr; }
    bool await_ready() const { return !send_.in_flight(); }
    void await_suspend(std::coroutine_handle<> awaiting);
    Result<std::size_t> await_resume() const;

   private:
    QuietSend& send_;
    Waiter waiter_;
  };
  /// How many bytes the kernel has taken: fewer than offered, or 0, when it has no room for more.
  /// Errors: of send(2), but EAGAIN.
  Sent sent() { return Sent(*this); }

 private:
  void prepare(io_uring_sqe& entry) override;
  void arrived(int result, std::uint32_t flags) override {
    Operation::arrived(result, flags);
    skipped_ = false;
  }
  /// It is over when it was submitted: whoever looks for it in vain must not look again.
  bool can_be_found() const override { return false; }
  void ended() override {
    if (waiting_ != nullptr) make_ready(*waiting_);
  }

  Descriptor fd_ = Descriptor::borrowed(-1);
  ConstBytes bytes_;
  bool skipped_ = false;  ///< It need not say anything, and has not.
  Waiter* waiting_ = nullptr;
};

}  // namespace uring
