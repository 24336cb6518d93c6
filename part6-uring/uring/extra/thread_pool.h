#pragma once

#include <condition_variable>
#include <coroutine>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "uring/extra/post.h"
#include "uring/loop.h"
#include "uring/operation/await.h"
#include "uring/wait/loop_wait.h"

namespace uring {

/// Threads for calls that block and that the ring does not have, getaddrinfo(3) above all:
///
///     const auto threads = ThreadPool::create(loop, 4);
///     const auto found = co_await (*threads)->offload(look_up, name).within(2s);
///     if (!found) …                                  // timed_out: the lookup itself goes on
///
/// Made and ended in the loop's thread, before the loop and after all that await it.
class ThreadPool {
 public:
  /// Starts no thread yet, and `threads_max` at most. What more calls there are wait for one.
  /// Error: of PostQueue::create().
  static Result<std::unique_ptr<ThreadPool>> create(Loop& loop, unsigned threads_max);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Waits for the calls that threads are at work on, as a thread cannot be ended from outside.
  ~ThreadPool();

  class Call {
   public:
    virtual ~Call() = default;

   protected:
    Call() = default;

   private:
    friend class ThreadPool;
    template <typename, typename...>
    friend class CallWait;
    virtual void run() noexcept = 0;

    LoopWaiter* waiter_ = nullptr;  ///< For the loop's thread only. None: it was given up.
  };

  /// Has a thread call `call`, with copies of the arguments as std::thread has them. It refers to
  /// nothing but what outlives the pool: it may run for longer than anything waits for it. Yields a
  /// Result of what it returns. It must not throw. (g++ 12 destroys a lambda in a co_await
  /// expression twice: one that owns something gets a name first, or hands it over as an argument.)
  ///
  /// Errors: timed_out, cancelled. Then the coroutine goes on without it. A call that still waits
  /// for a thread then is not begun any more. One that has begun runs to its end, and keeps its
  /// thread, its arguments and its result until then; they are destroyed in the loop's thread, or
  /// with the pool.
  template <typename F, typename... Args>
  auto offload(F call, Args... args);

 private:
  template <typename, typename...>
  friend class CallWait;
  ThreadPool(Loop& loop, unsigned threads_max, std::unique_ptr<PostQueue> ended);
  void begin(std::shared_ptr<Call> call);
  void give_up(const std::shared_ptr<Call>& call);
  void work();

  Loop& loop_;
  const unsigned threads_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Call>> waiting_;
  std::size_t idle_ = 0;  ///< Threads that wait for a call.
  bool ending_ = false;
  std::unique_ptr<PostQueue> ended_;  ///< Tells the loop which calls have.
  std::vector<std::jthread> threads_;
};

/// The wait for a call, for Await.
template <typename F, typename... Args>
class CallWait : public LoopWait {
 public:
  using Value = std::invoke_result_t<F, Args...>;

  CallWait(Loop& loop, ThreadPool& pool, F call, Args... args)
      : LoopWait(loop),
        pool_(&pool),
        call_(std::make_shared<TheCall>(std::move(call), std::move(args)...)) {}
  using LoopWait::shield;

 protected:
  using LoopWait::may_begin;
  void start(std::coroutine_handle<> awaiting) {
    wait(awaiting);
    belong_to_scope();
    call_->waiter_ = &waiter();
    pool_->begin(call_);
  }
  Result<Value> take() {
    if (!woken()) return std::unexpected(make_error_code(reason()));
    if constexpr (std::is_void_v<Value>) {
      return {};
    } else {
      return std::move(*call_->value);
    }
  }
  void abandon() {
    if (call_ != nullptr && call_->waiter_ != nullptr) pool_->give_up(call_);
  }

 private:
  struct TheCall final : ThreadPool::Call {
    explicit TheCall(F function, Args... with)
        : call(std::move(function)), args(std::move(with)...) {}
    void run() noexcept override {
      if constexpr (std::is_void_v<Value>) {
        std::apply(std::move(call), std::move(args));
      } else {
        value.emplace(std::apply(std::move(call), std::move(args)));
      }
    }
    F call;
    std::tuple<Args...> args;
    std::optional<std::conditional_t<std::is_void_v<Value>, std::monostate, Value>> value;
  };

  ThreadPool* pool_;
  std::shared_ptr<TheCall> call_;
};

template <typename F, typename... Args>
auto ThreadPool::offload(F call, Args... args) {
  using Wait = CallWait<F, Args...>;
  return Await<Wait>(Wait(loop_, *this, std::move(call), std::move(args)...));
}

}  // namespace uring
