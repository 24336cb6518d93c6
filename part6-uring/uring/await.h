#pragma once

#include <cerrno>
#include <chrono>
#include <concepts>
#include <coroutine>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "uring/deadline.h"
#include "uring/operation.h"
#include "uring/scope.h"

namespace uring {

/// What an operation is about, without the machinery. Any type will do that has
/// - `Value`, what a success yields;
/// - `what`, its name for the trace;
/// - `prepare(io_uring_sqe&)`, which fills in the request as the io_uring_prep_…() functions do,
///   and may point to members: the object stays where it is until the operation's end;
/// - `decode(result, flags)`, which makes a Value of a result that is not negative, if the result
///   itself is none;
/// - `translate(result)`, if some errors are no errors.
template <typename T>
concept OperationSpec = std::move_constructible<T> && requires(T& spec, io_uring_sqe& entry) {
  typename T::Value;
  { spec.what } -> std::convertible_to<const char*>;
  spec.prepare(entry);
};

/// Several operations that are awaited as one.
class Joint {
 public:
  virtual ~Joint() = default;
  virtual void member_ended(Operation& member) = 0;
  virtual bool is_head(const Operation& member) const = 0;
};

template <typename Base>
class Timed;
template <typename Base>
class Attached;

/// An operation in the shape that co_await takes; yields Result<Value>. Made by the loop, in the
/// expression that awaits it. Errors: cancelled, timed_out, and the errno of the operation.
template <OperationSpec D>
class [[nodiscard]] Await : public Operation {
 public:
  using Value = typename D::Value;

  Await(Loop& loop, D spec) : Operation(loop), spec_(std::move(spec)) {}
  Await(Await&& other) noexcept = default;
  ~Await() {
    cancel_and_wait();
    if (unclaimed_) (void)take();  // closes a descriptor that was not fetched
  }

  /// Ends with Error::timed_out if it takes longer: a linked time-out, the kernel's own. For what
  /// is rare; a Deadline costs less where operations are many.
  Timed<Await> within(std::chrono::nanoseconds timeout) &&;
  Timed<Await> until(Clock::time_point due) &&;

  Attached<Await> until(Deadline& deadline) &&;
  Attached<Await> cancelled_by(Canceller& canceller) &&;

  /// Is not cancelled with its scope.
  Await shielded() && {
    shield();
    return std::move(*this);
  }

  /// Is done with the rights of Ring::register_credentials(). Error: EINVAL, no such number.
  Await as(std::uint16_t credentials) && {
    credentials_ = credentials;
    return std::move(*this);
  }

  /// In a link, not as its last: a success has no completion of its own, and yields `result`.
  Await skip_success(int result = 0) && {
    skips_success_ = true;
    skipped_result_ = result;
    return std::move(*this);
  }

  /// In a link: what comes after it is done even if this one fails or falls short.
  Await whatever_happens() && {
    hard_link_ = true;
    return std::move(*this);
  }

  const char* what() const override { return spec_.what; }

  bool await_ready() {
    const Error reason = reason_not_to_begin();
    if (reason == Error{}) return false;
    refuse(reason);
    return true;
  }
  void await_suspend(std::coroutine_handle<> awaiting) {
    waiter_.wait(loop(), awaiting);
    begin();
  }
  Result<Value> await_resume() { return take(); }

  // For links.
  void join(Joint& joint) { joint_ = &joint; }
  bool skips_success() const { return skips_success_; }
  bool is_hard_link() const { return hard_link_; }
  void succeeded_without_cqe() { count_skipped_cqes(skipped_result_, 1); }
  void cancelled_without_cqe() { count_skipped_cqes(-ECANCELED, entries_needed()); }
  void cancel_now() { cancel_and_wait(); }
  using Operation::entries_needed;
  using Operation::fill;
  using Operation::loop;
  using Operation::make_ready;
  using Operation::reason_not_to_begin;
  using Operation::refuse;

  Result<Value> take() {
    unclaimed_ = false;
    int result = this->result();
    if constexpr (requires { spec_.translate(result); }) {
      result = spec_.translate(result);
    }
    if (result < 0) return std::unexpected(error_of(result));
    if constexpr (requires { spec_.decode(result, flags()); }) {
      return spec_.decode(result, flags());
    } else if constexpr (std::is_void_v<Value>) {
      return {};
    } else {
      return Value(static_cast<Value>(result));
    }
  }

 protected:
  void prepare(io_uring_sqe& entry) override {
    spec_.prepare(entry);
    entry.personality = credentials_;
    if (skips_success_) entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
  }
  void ended() override {
    unclaimed_ = true;
    if (joint_ != nullptr) return joint_->member_ended(*this);
    if (waiter_.waiting()) make_ready(waiter_);
  }
  bool can_be_found() const override { return joint_ == nullptr || joint_->is_head(*this); }

 private:
  D spec_;
  Waiter waiter_;
  Joint* joint_ = nullptr;
  int skipped_result_ = 0;
  std::uint16_t credentials_ = 0;  ///< 0: those of the thread that submits.
  bool skips_success_ : 1 = false;
  bool hard_link_ : 1 = false;
  bool unclaimed_ : 1 = false;
};

/// With a time-out of its own.
template <typename Base>
class [[nodiscard]] Timed : public Base {
 public:
  Timed(Base&& base, std::chrono::nanoseconds time, unsigned flags) : Base(std::move(base)) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    limit_ = {.time = {.tv_sec = seconds.count(), .tv_nsec = (time - seconds).count()},
              .flags = flags};
  }
  Timed(Timed&&) noexcept = default;
  ~Timed() { this->cancel_and_wait(); }

  Attached<Timed> until(Deadline& deadline) &&;
  Attached<Timed> cancelled_by(Canceller& canceller) &&;

 protected:
  Operation::TimeLimit* time_limit() override { return &limit_; }

 private:
  Operation::TimeLimit limit_{};  ///< The kernel reads it when the entry is submitted.
};

/// In the hands of a Canceller, of which a Deadline is one.
template <typename Base>
class [[nodiscard]] Attached : public Base {
 public:
  Attached(Base&& base, Canceller& canceller)
      : Base(std::move(base)), canceller_(&canceller), member_(*this) {}
  Attached(Attached&& other) noexcept
      : Base(std::move(other)), canceller_(other.canceller_), member_(*this) {}
  ~Attached() { this->cancel_and_wait(); }

  Attached<Attached> until(Deadline& deadline) && { return {std::move(*this), deadline}; }
  Attached<Attached> cancelled_by(Canceller& canceller) && { return {std::move(*this), canceller}; }

  bool await_ready() {
    if (canceller_->reason() == Error{}) return Base::await_ready();
    this->refuse(canceller_->reason());
    return true;
  }
  void await_suspend(std::coroutine_handle<> awaiting) {
    canceller_->add(member_);
    Base::await_suspend(awaiting);
  }

 private:
  class Member : public Cancellable {
   public:
    explicit Member(Operation& operation) : operation_(operation) {}
    void cancel(Error reason) override { operation_.cancel(reason); }
    std::uint64_t user_data() const override { return operation_.user_data(); }

   private:
    Operation& operation_;
  };

  Canceller* canceller_;
  Member member_;
};

template <OperationSpec D>
Timed<Await<D>> Await<D>::within(std::chrono::nanoseconds timeout) && {
  return {std::move(*this), timeout, 0};
}
template <OperationSpec D>
Timed<Await<D>> Await<D>::until(Clock::time_point due) && {
  return {std::move(*this), due.time_since_epoch(), IORING_TIMEOUT_ABS};
}
template <OperationSpec D>
Attached<Await<D>> Await<D>::until(Deadline& deadline) && {
  return {std::move(*this), deadline};
}
template <OperationSpec D>
Attached<Await<D>> Await<D>::cancelled_by(Canceller& canceller) && {
  return {std::move(*this), canceller};
}
template <typename Base>
Attached<Timed<Base>> Timed<Base>::until(Deadline& deadline) && {
  return {std::move(*this), deadline};
}
template <typename Base>
Attached<Timed<Base>> Timed<Base>::cancelled_by(Canceller& canceller) && {
  return {std::move(*this), canceller};
}

}  // namespace uring
