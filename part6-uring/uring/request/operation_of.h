#pragma once

#include <concepts>
#include <coroutine>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "uring/request/operation.h"
#include "uring/request/request.h"

namespace uring {

/// Makes the result of a request from its completion.
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

/// How to run a request.
struct How {
  std::uint16_t credentials = 0;  ///< 0: those of the thread that submits.
  bool async = false;
};

/// The parts of an operation that hasn't begun.
template <AnyRequest R>
class OperationSource {
 public:
  OperationSource(LoopCore& loop, R request) : loop_(&loop), request_(std::move(request)) {}

  /// A close can't have credentials. If the kernel refused it for an unregistered number, a
  /// descriptor that nobody owns any more would stay open. Nor does a close need any rights.
  void use_credentials(std::uint16_t number) requires(!std::same_as<R, CloseRequest>) {
    how_.credentials = number;
  }
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

/// An operation that its request describes, for Awaitable. Yields Result<Value>. Errors: cancelled,
/// timed_out, and the errno of the operation.
template <AnyRequest R>
class OperationOf : public Operation {
 public:
  using Value = typename R::Value;
  using Source = OperationSource<R>;

  /// `source` is a part of the awaiting expression, and lives as long as this object.
  explicit OperationOf(Source& source)
      : Operation(source.loop(), is_cancellable), source_(source) {}

  const char* what() const override { return source_.request().what; }
  using Operation::loop;

  Result<Value> claim() { return decode(source_.request(), *this, claim_result(), flags()); }
  void abandon() {
    if (in_flight() || is_unclaimed()) abandon_at_work();
  }

 protected:
  bool may_begin(Error cancelled) {
    const Error reason = cancelled != Error{} ? cancelled : reason_not_to_begin();
    if (reason == Error{}) return true;
    refuse(reason);
    return false;
  }
  void suspend(std::coroutine_handle<> awaiting) {
    note(awaiting);
    if (!loop().ring().has_room(1)) return make_room_and_fill();
    fill();
  }

 private:
  static constexpr bool is_cancellable = !requires { R::is_never_cancelled; };

  void fill() noexcept {
    // Read first, because the compiler must assume that writing to the entry changes them.
    Source& source = source_;
    const std::uint16_t credentials = source.how().credentials;
    const bool async = source.how().async;
    io_uring_sqe& entry = begin();
    source.request().prepare(entry);
    entry.personality = credentials;
    if (async) entry.flags |= IOSQE_ASYNC;
    tag(entry);
  }

  void failed(int result, std::uint32_t flags) override {
    if constexpr (requires { source_.request().failed(result, flags); }) {
      source_.request().failed(result, flags);
    }
  }
  /// Out of line, because if nothing is called between the construction and begin(), the compiler
  /// still knows this object's contents and needn't read them again.
  [[gnu::cold, gnu::noinline]] void make_room_and_fill() {
    loop().reserve(1);
    fill();
  }
  [[gnu::cold, gnu::noinline]] void abandon_at_work() {
    cancel_and_wait();
    if (is_unclaimed()) (void)claim();  // closes a descriptor that nobody fetched
  }

  Source& source_;
};

}  // namespace uring
