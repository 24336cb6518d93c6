#pragma once

#include <cassert>
#include <cerrno>
#include <coroutine>
#include <utility>

#include "uring/await.h"
#include "uring/buffers.h"
#include "uring/completion_queue.h"
#include "uring/loop.h"

namespace uring {

/// A Description of a request that yields many results. Besides it has
/// - `feature`, without which there is one result a request;
/// - `make_multishot(io_uring_sqe&)`, after prepare().
template <typename T>
concept ManyDescription = Description<T> && requires(T& description, io_uring_sqe& entry) {
  { T::feature } -> std::convertible_to<Feature>;
  description.make_multishot(entry);
};

/// One request, many results, in the order in which they came:
///
///     AcceptStream clients(loop, listener);
///     while (true) {
///       auto client = co_await clients.next();
///       …
///
/// An error is handed to whoever asks next and ends the request: no descriptor is left, no buffer,
/// it was cancelled. So does the kernel sometimes without an error. next() begins a new one when it
/// is asked for more, so that it is the caller who decides whether and when to go on. Results that
/// came before an end are handed out before it; none is lost, none changes places.
///
/// Where the kernel has no such requests, or the feature is off, each next() makes one.
template <ManyDescription D>
class Stream : public Operation {
 public:
  using Value = typename D::Value;

  Stream(Loop& loop, D description) : Operation(loop), description_(std::move(description)) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() {
    assert(waiting_ == nullptr && stopping_ == nullptr);  // it outlives whoever waits for it
    settle();
    while (!queue_.empty()) (void)take();
  }

  const char* what() const override { return description_.what; }

  /// Whether next() will not have to wait.
  bool pending() const { return !queue_.empty(); }

  class [[nodiscard]] Next {
   public:
    explicit Next(Stream& stream) : stream_(stream) {}
    ~Next() { stream_.forget(stream_.waiting_, waiter_); }
    bool await_ready() {
      if (stream_.pending()) return true;
      if (stream_.in_flight()) return false;
      refused_ = stream_.reason_not_to_begin();
      return refused_ != Error{};
    }
    void await_suspend(std::coroutine_handle<> awaiting) {
      waiter_.wait(stream_.loop(), awaiting);
      stream_.waiting_ = &waiter_;
      if (!stream_.in_flight()) stream_.begin_again();
    }
    Result<Value> await_resume() {
      if (refused_ != Error{}) return std::unexpected(make_error_code(refused_));
      return stream_.take();
    }

   private:
    Stream& stream_;
    Waiter waiter_;
    Error refused_{};
  };

  /// The next result. One coroutine may wait for it. Errors: cancelled, timed_out, and the errno of
  /// the operation.
  Next next() { return Next(*this); }

  class [[nodiscard]] Stop {
   public:
    explicit Stop(Stream& stream) : stream_(stream) {}
    ~Stop() { stream_.forget(stream_.stopping_, waiter_); }
    bool await_ready() const { return !stream_.in_flight(); }
    void await_suspend(std::coroutine_handle<> awaiting) {
      waiter_.wait(stream_.loop(), awaiting);
      stream_.stopping_ = &waiter_;
      stream_.Operation::cancel(Error::cancelled);
    }
    void await_resume() const {}

   private:
    Stream& stream_;
    Waiter waiter_;
  };

  /// Ends the request. What had come can still be fetched, while pending().
  Stop stop() { return Stop(*this); }

 protected:
  void prepare(io_uring_sqe& entry) override {
    description_.prepare(entry);
    if (has(D::feature)) description_.make_multishot(entry);
  }

  void arrived(int result, std::uint32_t flags) override {
    Operation::arrived(result, flags);
    const bool expected = result == -ECANCELED && stopping_ != nullptr;
    if (expected && waiting_ == nullptr) return;  // whoever stopped it need not hear of it again
    queue_.push({.result = result, .flags = flags});
    if (waiting_ != nullptr) make_ready(*std::exchange(waiting_, nullptr));
  }

  void ended() override {
    if (stopping_ != nullptr) make_ready(*std::exchange(stopping_, nullptr));
  }

 private:
  void begin_again() {
    forget_reason();
    begin();
  }

  static void forget(Waiter*& place, const Waiter& waiter) {
    if (place == &waiter) place = nullptr;
  }

  Result<Value> take() {
    const auto entry = queue_.pop();
    int result = entry.result;
    if constexpr (requires { description_.translate(result); }) {
      result = description_.translate(result);
    }
    if (result < 0) return std::unexpected(error_of(result));
    if constexpr (requires { description_.decode(result, entry.flags); }) {
      return description_.decode(result, entry.flags);
    } else if constexpr (std::is_void_v<Value>) {
      return {};
    } else {
      return Value(static_cast<Value>(result));
    }
  }

  D description_;
  CompletionQueue queue_;
  Waiter* waiting_ = nullptr;   ///< In next().
  Waiter* stopping_ = nullptr;  ///< In stop().
};

}  // namespace uring
