#pragma once

#include <concepts>
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
inline Result<typename R::Value> decode(R& request, const Operation& operation, int result,
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
  /// Not to close: refused for a number that is not registered, it would leave a descriptor open
  /// that nobody owns any more. Nor does anybody need a right for it.
  void use_credentials(std::uint16_t number) requires(!std::same_as<R, CloseRequest> &&
                                                      !std::same_as<R, CloseDirectRequest>) {
    how_.credentials = number;
  }
  void use_hard_link() { how_.hard_link = true; }
  void force_async() { how_.async = true; }

  LoopCore& loop() const { return *loop_; }
  const How& how() const { return how_; }
  R& request() { return request_; }
  const R& request() const { return request_; }

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

  /// `source` is a part of the expression that awaits, and stays as long as this.
  explicit AwaitedOperation(Source& source)
      : Operation(source.loop(), source.how().shielded), source_(source) {}

  const char* what() const override { return source_.request().what; }
  using Operation::loop;

  // For links.
  void join(Joint& joint, bool follows) {
    joint_ = &joint;
    if constexpr (requires { source_.request().follow(); }) {
      if (follows) source_.request().follow();
    }
  }
  bool is_hard_link() const { return source_.how().hard_link; }
  void fill(unsigned link_flags) noexcept {
    // Read before the entry is written to: it has bytes, and those may be anything's.
    Source& source = source_;
    const std::uint16_t credentials = source.how().credentials;
    const bool async = source.how().async;
    io_uring_sqe& entry = begin();
    answered_ = false;
    source.request().prepare(entry);
    entry.personality = credentials;
    if (async) entry.flags |= IOSQE_ASYNC;
    sign(entry, link_flags);
  }
  using Operation::reason_not_to_begin;
  using Operation::refuse;

  Result<Value> take() {
    unclaimed_ = false;
    return decode(source_.request(), *this, result(), flags());
  }
  void abandon() {
    if (in_flight() || unclaimed_) abandon_at_work();
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
    if (!loop().ring().has_room(1)) return make_room_and_fill();
    fill(0);
  }

  void arrived(int result, std::uint32_t flags) final {
    answered_ = true;
    note_failure(source_.request(), result, flags);
    // Else the buffer of a zero-copy send is free: its result was there before.
    if ((flags & IORING_CQE_F_NOTIF) == 0) set_result(result, flags);
    if ((flags & IORING_CQE_F_MORE) == 0 && complete_one()) ended();
  }
  void ended() final {
    unclaimed_ = true;
    if (joint_ != nullptr) return joint_->member_ended();
    make_ready(waiter_);
  }
  bool can_be_found() const override {
    if constexpr (requires { R::is_never_cancelled; }) return false;
    return !answered_ && (joint_ == nullptr || joint_->is_head(*this));
  }

 private:
  /// Apart: where nothing was called between its making and its beginning, the compiler still knows
  /// what is in this object, and need not look.
  [[gnu::cold, gnu::noinline]] void make_room_and_fill() {
    loop().reserve(1);
    fill(0);
  }
  [[gnu::cold, gnu::noinline]] void abandon_at_work() {
    cancel_and_wait();
    if (unclaimed_) (void)take();  // closes a descriptor that was not fetched
  }

  bool unclaimed_ = false;
  bool answered_ = false;  ///< Has its result; a zero-copy send may wait for its memory.
  Source& source_;
  Waiter waiter_;
  Joint* joint_ = nullptr;
};

}  // namespace uring
