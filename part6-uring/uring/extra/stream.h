#pragma once

#include <cassert>
#include <coroutine>
#include <utility>

#include "uring/await/await.h"
#include "uring/await/awaited.h"
#include "uring/extra/completion_queue.h"
#include "uring/loop.h"
#include "uring/wait/loop_wait.h"

namespace uring {

/// What all streams have in common, whatever they yield. Their request is in no scope: it ends with
/// stop() or with the stream.
class StreamBase : public Operation {
 public:
  /// Whether next() will not have to wait.
  bool pending() const { return !queue_.empty(); }

  class StopWait : public LoopWait {
   public:
    static constexpr bool never_fails_unless_limited = true;
    using Source = WaitSource<StreamBase>;
    explicit StopWait(Source source)
        : LoopWait(source.subject().loop()), stream_(source.subject()) {}

   protected:
    bool may_begin(Error cancelled) {
      set_reason(stream_.in_flight() ? cancelled : Error{});
      return stream_.in_flight() && cancelled == Error{};
    }
    void start(std::coroutine_handle<> awaiting) {
      assert(stream_.stopping_.empty());
      wait_in(stream_.stopping_, awaiting);
      stream_.cancel(Error::cancelled);
    }
    Status take() const { return status(); }

   private:
    StreamBase& stream_;
  };
  using Stop = Await<StopWait>;

  /// Ends the request. What had come can still be fetched, while pending().
  Stop stop() { return Stop(StopWait::Source(*this)); }

 protected:
  explicit StreamBase(Loop& loop) : Operation(loop, true) {}
  ~StreamBase();

  void keep(int result, std::uint32_t flags);
  void ended() final;

  CompletionQueue queue_;
  WaitList waiting_;   ///< In next(): one, or none.
  WaitList stopping_;  ///< In stop().
};

/// An AnyRequest of a request that yields many results. Besides it has
/// - `make_multishot(io_uring_sqe&)`, after prepare();
/// - `is_multishot()`, if it is not always to be one: then each next() makes a request of its own;
/// - `sign`, if it needs more than Linux 6.1: an operation, IORING_OP_…, that no older kernel has
///   than one which can do it. Where that is not there, each next() makes a request of its own.
template <typename T>
concept MultishotRequest = AnyRequest<T> && requires(T& request, io_uring_sqe& entry) {
  request.make_multishot(entry);
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
template <MultishotRequest R>
class Stream : public StreamBase {
 public:
  using Value = typename R::Value;

  /// `about` is what the request is made of.
  template <typename... T>
  explicit Stream(Loop& loop, T&&... about)
      : StreamBase(loop), request_(std::forward<T>(about)...) {}
  ~Stream() {
    cancel_and_wait();
    while (pending()) (void)take();
  }

  const char* what() const override { return request_.what; }

  class NextWait : public LoopWait {
   public:
    using Source = ScopedWaitSource<Stream>;
    explicit NextWait(Source source)
        : LoopWait(source.subject().loop(), source.shielded()), stream_(source.subject()) {}

   protected:
    bool may_begin(Error cancelled) { return LoopWait::may_begin(cancelled) && !stream_.pending(); }
    void start(std::coroutine_handle<> awaiting) {
      assert(stream_.waiting_.empty());
      wait_in(stream_.waiting_, awaiting);
      belong_to_scope();
      if (!stream_.in_flight()) stream_.begin_request();
    }
    Result<Value> take() {
      if (reason() != Error{}) return std::unexpected(make_error_code(reason()));
      return stream_.take();
    }

   private:
    Stream& stream_;
  };
  using Next = Await<NextWait>;

  /// The next result. One coroutine may wait for it. Errors: the errno of the operation; cancelled
  /// and timed_out. Those two leave the request as it is: what arrives later is the next one's.
  Next next() { return Next(typename NextWait::Source(*this)); }

 private:
  void begin_request() noexcept {
    loop().reserve(1);
    io_uring_sqe& entry = begin();
    request_.prepare(entry);
    if (is_multishot()) request_.make_multishot(entry);
    submit(entry);
  }
  void arrived(int result, std::uint32_t flags) final {
    note_failure(request_, result, flags);
    keep(result, flags);
    if ((flags & IORING_CQE_F_MORE) == 0 && complete_one()) ended();
  }
  bool is_multishot() const {
    if constexpr (requires { request_.is_multishot(); }) {
      if (!request_.is_multishot()) return false;
    }
    if constexpr (requires { R::sign; }) return loop().ring().supports(R::sign);
    return true;
  }
  Result<Value> take() {
    const auto entry = queue_.pop();
    return decode(request_, *this, entry.result, entry.flags);
  }

  R request_;
};

}  // namespace uring
