#pragma once

#include <coroutine>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "uring/operation/await.h"
#include "uring/operation/operation.h"
#include "uring/operation/request.h"
#include "uring/wait/waiter.h"

namespace uring {

/// What a completion means to its request.
template <AnyRequest R>
Result<typename R::Value> decode(R& request, const Operation& operation, int result,
                                 std::uint32_t flags) {
  if constexpr (requires { request.translate(result); }) {
    result = request.translate(result);
  }
  if (result < 0) return std::unexpected(operation.error_of(result));
  if constexpr (requires { request.decode(result, flags); }) {
    return request.decode(result, flags);
  } else if constexpr (std::is_void_v<typename R::Value>) {
    return {};
  } else {
    return static_cast<typename R::Value>(result);
  }
}

/// Puts right what a failure has left, as soon as it has arrived: its result may be fetched long
/// afterwards.
template <AnyRequest R>
void note_failure(R& request, int result, std::uint32_t flags) {
  if constexpr (requires { request.failed(result, flags); }) {
    if (result < 0) request.failed(result, flags);
  }
}

/// Several operations that are awaited as one: a link.
class Joint {
 public:
  virtual ~Joint() = default;
  virtual void member_ended() = 0;
  virtual bool is_head(const Operation& member) const = 0;

 protected:
  Joint() = default;
  Joint(Joint&&) = default;
};

/// An operation that its request describes, for Await; yields Result<Value>. Errors: cancelled,
/// timed_out, and the errno of the operation.
template <AnyRequest R>
class AwaitedOperation : public Operation {
 public:
  using Value = typename R::Value;

  AwaitedOperation(LoopCore& loop, R request) : Operation(loop), request_(std::move(request)) {}

  const char* what() const override { return request_.what; }
  using Operation::loop;
  using Operation::shield;
  void use_credentials(std::uint16_t number) { credentials_ = number; }
  void use_hard_link() { hard_link_ = true; }
  void force_async() { async_ = true; }

  // For links.
  void join(Joint& joint) { joint_ = &joint; }
  bool is_hard_link() const { return hard_link_; }
  using Operation::fill;
  using Operation::reason_not_to_begin;
  using Operation::refuse;

  Result<Value> take() {
    unclaimed_ = false;
    return decode(request_, *this, result(), flags());
  }
  void abandon() {
    cancel_and_wait();
    if (unclaimed_) (void)take();  // closes a descriptor that was not fetched
  }

 protected:
  bool may_begin(Error cancelled) {
    const Error reason = cancelled != Error{} ? cancelled : reason_not_to_begin();
    if (reason == Error{}) return true;
    refuse(reason);
    return false;
  }
  void start(std::coroutine_handle<> awaiting) {
    waiter_.wait(loop().current_scope(), awaiting);
    begin();
  }

  void prepare(io_uring_sqe& entry) noexcept override {
    answered_ = false;
    request_.prepare(entry);
    entry.personality = credentials_;
    if (async_) entry.flags |= IOSQE_ASYNC;
  }
  void arrived(int result, std::uint32_t flags) override {
    answered_ = true;
    note_failure(request_, result, flags);
    Operation::arrived(result, flags);
  }
  void ended() override {
    unclaimed_ = true;
    if (joint_ != nullptr) return joint_->member_ended();
    if (waiter_.waiting()) make_ready(waiter_);
  }
  bool can_be_found() const override {
    return !answered_ && (joint_ == nullptr || joint_->is_head(*this));
  }

 private:
  R request_;
  Waiter waiter_;
  Joint* joint_ = nullptr;
  std::uint16_t credentials_ = 0;  ///< 0: those of the thread that submits.
  bool hard_link_ : 1 = false;
  bool async_ : 1 = false;
  bool unclaimed_ : 1 = false;
  bool answered_ : 1 = false;  ///< Has its result; a zero-copy send may wait for its memory.
};

}  // namespace uring
