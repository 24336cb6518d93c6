#pragma once

#include <concepts>
#include <coroutine>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "uring/await.h"
#include "uring/operation.h"
#include "uring/waiter.h"

namespace uring {

/// What an operation is about, without the machinery. Any type will do that has
/// - `Value`, what a success yields;
/// - `what`, its name for the trace;
/// - `prepare(io_uring_sqe&)`, which fills in the request as the io_uring_prep_…() functions do,
///   and may point to members: the object stays where it is until the operation's end;
/// - `decode(result, flags)`, which makes a Value of a result that is not negative, if the result
///   itself is none;
/// - `translate(result)`, if some errors are no errors;
/// - `failed(result, flags)`, if there is something to put right after the others.
template <typename T>
concept OperationSpec = std::move_constructible<T> && requires(T& spec, io_uring_sqe& entry) {
  typename T::Value;
  { spec.what } -> std::convertible_to<const char*>;
  spec.prepare(entry);
};

/// What a completion means to its spec.
template <OperationSpec D>
Result<typename D::Value> decode(D& spec, const Operation& operation, int result,
                                 std::uint32_t flags) {
  if constexpr (requires { spec.translate(result); }) {
    result = spec.translate(result);
  }
  if (result < 0) {
    if constexpr (requires { spec.failed(result, flags); }) spec.failed(result, flags);
    return std::unexpected(operation.error_of(result));
  }
  if constexpr (requires { spec.decode(result, flags); }) {
    return spec.decode(result, flags);
  } else if constexpr (std::is_void_v<typename D::Value>) {
    return {};
  } else {
    return static_cast<typename D::Value>(result);
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

/// An operation that its spec describes, for Await; yields Result<Value>. Errors: cancelled,
/// timed_out, and the errno of the operation.
template <OperationSpec D>
class SpecOperation : public Operation {
 public:
  using Value = typename D::Value;
  using Limit = TimeLimit;

  SpecOperation(Loop& loop, D spec) : Operation(loop), spec_(std::move(spec)) {}

  const char* what() const override { return spec_.what; }
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
    return decode(spec_, *this, result(), flags());
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
  void start(std::coroutine_handle<> awaiting, TimeLimit* limit = nullptr) {
    waiter_.wait(loop(), awaiting);
    begin(limit);
  }

  void prepare(io_uring_sqe& entry) override {
    spec_.prepare(entry);
    entry.personality = credentials_;
    if (async_) entry.flags |= IOSQE_ASYNC;
  }
  void ended() override {
    unclaimed_ = true;
    if (joint_ != nullptr) return joint_->member_ended();
    if (waiter_.waiting()) make_ready(waiter_);
  }
  bool can_be_found() const override { return joint_ == nullptr || joint_->is_head(*this); }

 private:
  D spec_;
  Waiter waiter_;
  Joint* joint_ = nullptr;
  std::uint16_t credentials_ = 0;  ///< 0: those of the thread that submits.
  bool hard_link_ : 1 = false;
  bool async_ : 1 = false;
  bool unclaimed_ : 1 = false;
};

}  // namespace uring
