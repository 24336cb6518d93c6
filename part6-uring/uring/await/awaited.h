#pragma once

#include <coroutine>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "uring/await/await.h"
#include "uring/operation/operation.h"
#include "uring/operation/request.h"
#include "uring/running/waiter.h"

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
};

/// How a request is to be done.
struct How {
  std::uint16_t credentials = 0;  ///< 0: those of the thread that submits.
  bool shielded = false;
  bool hard_link = false;
  bool async = false;
};

/// What an operation is made of.
template <AnyRequest R>
class OperationSource {
 public:
  OperationSource(LoopCore& loop, R request) : loop_(&loop), request_(std::move(request)) {}

  void shield() { how_.shielded = true; }
  void use_credentials(std::uint16_t number) { how_.credentials = number; }
  void use_hard_link() { how_.hard_link = true; }
  void force_async() { how_.async = true; }

  LoopCore& loop() const { return *loop_; }
  const How& how() const { return how_; }
  R& request() { return request_; }

 private:
  LoopCore* loop_;
  R request_;
  How how_;
};

/// An operation that its request describes, for Await; yields Result<Value>. Errors: cancelled,
/// timed_out, and the errno of the operation.
template <AnyRequest R>
class AwaitedOperation : public Operation {
 public:
  using Value = typename R::Value;
  using Source = OperationSource<R>;

  explicit AwaitedOperation(Source&& source)
      : Operation(source.loop()), request_(std::move(source.request())), how_(source.how()) {
    if (how_.shielded) shield();
  }

  const char* what() const override { return request_.what; }
  using Operation::loop;

  // For links.
  void join(Joint& joint) { joint_ = &joint; }
  bool is_hard_link() const { return how_.hard_link; }
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
    entry.personality = how_.credentials;
    if (how_.async) entry.flags |= IOSQE_ASYNC;
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
  const How how_;
  bool unclaimed_ = false;
  bool answered_ = false;  ///< Has its result; a zero-copy send may wait for its memory.
};

}  // namespace uring
