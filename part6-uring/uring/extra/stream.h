#pragma once

#include <cassert>
#include <cerrno>
#include <coroutine>
#include <utility>

#include "uring/await.h"
#include "uring/buffers.h"
#include "uring/extra/completion_queue.h"
#include "uring/loop.h"

namespace uring {

/// What all streams have in common, whatever they yield.
class StreamBase : public Operation {
 public:
  StreamBase(const StreamBase&) = delete;
  StreamBase& operator=(const StreamBase&) = delete;

  /// Whether next() will not have to wait.
  bool pending() const { return !queue_.empty(); }

  class [[nodiscard]] Stop {
   public:
    explicit Stop(StreamBase& stream) : stream_(stream) {}
    ~Stop() { forget(stream_.stopping_, waiter_); }
    bool await_ready() const { return !stream_.in_flight(); }
    void await_suspend(std::coroutine_handle<> awaiting) {
      waiter_.wait(stream_.loop(), awaiting);
      stream_.stopping_ = &waiter_;
      stream_.cancel(Error::cancelled);
    }
    void await_resume() const {}

   private:
    StreamBase& stream_;
    Waiter waiter_;
  };

  /// Ends the request. What had come can still be fetched, while pending().
  Stop stop() { return Stop(*this); }

 protected:
  explicit StreamBase(Loop& loop) : Operation(loop) {}
  ~StreamBase();

  void arrived(int result, std::uint32_t flags) final;
  void ended() final;

  void wait(Waiter& waiter) {
    assert(waiting_ == nullptr);
    waiting_ = &waiter;
    if (!in_flight()) begin();
  }
  void forget(const Waiter& waiter) { forget(waiting_, waiter); }
  CompletionQueue::Entry take_entry() { return queue_.pop(); }

 private:
  static void forget(Waiter*& place, const Waiter& waiter) {
    if (place == &waiter) place = nullptr;
  }

  CompletionQueue queue_;
  Waiter* waiting_ = nullptr;   ///< In next().
  Waiter* stopping_ = nullptr;  ///< In stop().
};

/// An OperationSpec of a request that yields many results. Besides it has
/// - `make_multishot(io_uring_sqe&)`, after prepare();
/// - `feature`, if it needs more than Linux 6.1: where that is not there, each next() makes a
///   request of its own.
template <typename T>
concept MultishotSpec = OperationSpec<T> && requires(T& spec, io_uring_sqe& entry) {
  spec.make_multishot(entry);
};

/// One request, many results, in the order in which they came:
///
///     AcceptStream clients(loop, listener);
///     while (true) {
///       auto client = co_await clients.next();
///       …
///
/// An error is handed out by the next next() and ends the request: no descriptor is left, no
/// buffer, it was cancelled. Sometimes the kernel ends it without an error. next() begins a new one
/// when it is asked for more, so the caller decides whether and when to go on.
/// Results that came before an end are handed out before it; none is lost, none changes places.
template <MultishotSpec D>
class Stream : public StreamBase {
 public:
  using Value = typename D::Value;

  Stream(Loop& loop, D spec) : StreamBase(loop), spec_(std::move(spec)) {}
  ~Stream() {
    cancel_and_wait();
    while (pending()) (void)take();
  }

  const char* what() const override { return spec_.what; }

  class [[nodiscard]] Next {
   public:
    explicit Next(Stream& stream) : stream_(stream) {}
    ~Next() { stream_.forget(waiter_); }
    bool await_ready() {
      if (stream_.pending()) return true;
      if (stream_.in_flight()) return false;
      refused_ = stream_.reason_not_to_begin();
      return refused_ != Error{};
    }
    void await_suspend(std::coroutine_handle<> awaiting) {
      waiter_.wait(stream_.loop(), awaiting);
      stream_.wait(waiter_);
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

 protected:
  void prepare(io_uring_sqe& entry) override {
    spec_.prepare(entry);
    if (is_multishot()) spec_.make_multishot(entry);
  }

 private:
  bool is_multishot() const {
    if constexpr (requires { D::feature; }) return has(D::feature);
    return true;
  }
  Result<Value> take() {
    const auto entry = take_entry();
    int result = entry.result;
    if constexpr (requires { spec_.translate(result); }) {
      result = spec_.translate(result);
    }
    if (result < 0) return std::unexpected(error_of(result));
    if constexpr (requires { spec_.decode(result, entry.flags); }) {
      return spec_.decode(result, entry.flags);
    } else if constexpr (std::is_void_v<Value>) {
      return {};
    } else {
      return Value(static_cast<Value>(result));
    }
  }

  D spec_;
};

}  // namespace uring
