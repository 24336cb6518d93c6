#pragma once

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "uring/await/await.h"
#include "uring/loop.h"
#include "uring/scope.h"
#include "uring/task.h"
#include "uring/wait/loop_wait.h"

namespace uring {

/// What a task yields, as a value: std::monostate if it is nothing.
template <typename T>
using ValueOf = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

/// How a race has ended.
template <typename... T>
class Raced {
 public:
  Raced(std::size_t first, std::tuple<ValueOf<T>...> all) : winner(first), values(std::move(all)) {}

  std::size_t winner;                ///< Which task was the first to finish, from 0.
  std::tuple<ValueOf<T>...> values;  ///< What each has yielded, the losers, too.
};

/// What a TasksWait yields: of a race all values, and which came first; all values; or the only
/// one.
enum class Yields { race, all, only };

/// Tasks in a scope of their own, for Await: see race(), when_all() and scoped().
template <Yields yields, typename... T>
class TasksWait : public LoopWait {
 public:
  /// What it is made of.
  struct Source {
    Source(Loop& its_loop, Task<T>... its_tasks) : loop(its_loop), tasks(std::move(its_tasks)...) {}
    Loop& loop;
    std::tuple<Task<T>...> tasks;
  };
  explicit TasksWait(Source& source) : LoopWait(source.loop), tasks_(std::move(source.tasks)) {}

  /// Asks the tasks. What they yield then is theirs to say.
  void cancel(Error reason) override { scope_->cancel(reason); }

 protected:
  bool may_begin(Error cancelled) {
    set_reason(cancelled);
    return true;
  }

  void start(std::coroutine_handle<> awaiting) {
    const Error cancelled = reason();
    wait(awaiting);
    scope_.emplace(loop());
    if (cancelled != Error{}) scope_->cancel(cancelled);
    spawn_all(std::index_sequence_for<T...>());
    scope_->wake_when_joined(waiter());
  }

  auto take() {
    if constexpr (yields == Yields::race) {
      return Raced<T...>(*winner_, take_values());
    } else if constexpr (yields == Yields::all) {
      return take_values();
    } else if constexpr (!(std::is_void_v<T> && ...)) {
      return std::get<0>(take_values());
    }
  }

 private:
  std::tuple<ValueOf<T>...> take_values() {
    return std::apply([](auto&... each) { return std::tuple<ValueOf<T>...>(std::move(*each)...); },
                      values_);
  }

  template <std::size_t... i>
  void spawn_all(std::index_sequence<i...> /*numbers*/) {
    (scope_->spawn(run<i>(std::move(std::get<i>(tasks_)))), ...);
  }

  template <std::size_t i, typename U>
  Task<> run(Task<U> task) {
    if constexpr (std::is_void_v<U>) {
      co_await std::move(task);
      std::get<i>(values_).emplace();
    } else {
      std::get<i>(values_).emplace(co_await std::move(task));
    }
    if (winner_) co_return;
    winner_ = i;
    if constexpr (yields == Yields::race) scope_->cancel();
  }

  std::tuple<Task<T>...> tasks_;
  std::tuple<std::optional<ValueOf<T>>...> values_;
  std::optional<std::size_t> winner_;
  std::optional<Scope> scope_;  ///< Last: it ends before what its tasks refer to.
};

/// Runs tasks side by side until one of them finishes; it wins. The others are cancelled, and have
/// finished too before this goes on: none of them is left behind.
///
///     auto raced = co_await race(loop, receive(loop, fd, buffer), wait_for_stop(stop));
///     if (raced.winner == 0) use(std::get<0>(raced.values));
///
/// Each task runs to its end, so each has yielded a value: a loser usually that it was cancelled,
/// or its result if the kernel was faster. So nothing that was received is lost. Tasks begin in the
/// order in which they are given; those that begin when one has finished already are cancelled from
/// their first operation on.
///
/// It may have timeouts and cancellers of its own, as all that is awaited: they cancel all tasks,
/// of which again the first to finish wins.
template <typename... T>
auto race(Loop& loop, Task<T>... tasks) {
  static_assert(sizeof...(T) >= 1, "a race has at least one task");
  using Wait = TasksWait<Yields::race, T...>;
  return Await<Wait>(typename Wait::Source(loop, std::move(tasks)...));
}

/// Runs tasks side by side until all of them have finished, and yields what each has, in their
/// order; std::monostate for a Task<>. One that fails disturbs no other: its value says so.
///
///     const auto [user, quota] =
///         co_await when_all(loop, find_user(loop, name), find_quota(loop, name)).within(5s);
///
/// Timeouts and cancellers cancel all of them, as in race(): each yields what it makes of that.
template <typename... T>
auto when_all(Loop& loop, Task<T>... tasks) {
  static_assert(sizeof...(T) >= 1, "all of nothing is there already");
  using Wait = TasksWait<Yields::all, T...>;
  return Await<Wait>(typename Wait::Source(loop, std::move(tasks)...));
}

/// A task in a scope of its own, so that it can have timeouts and cancellers, for itself and all
/// that it begins:
///
///     const auto answer = co_await scoped(loop, ask(loop, server)).until(deadline);
///
/// Yields what the task does. It is cancelled by what it awaits, which ends with Error::timed_out
/// or Error::cancelled; a result that is there wins. What is shielded() goes on.
template <typename T>
auto scoped(Loop& loop, Task<T> task) {
  using Wait = TasksWait<Yields::only, T>;
  return Await<Wait>(typename Wait::Source(loop, std::move(task)));
}

/// The task, of which what it awaits ends with Error::timed_out when the time has passed. Yields
/// what the task makes of it.
///
///     const auto answer = co_await with_timeout(loop, ask(loop, server), 5s);
template <typename T>
auto with_timeout(Loop& loop, Task<T> task, std::chrono::nanoseconds timeout) {
  return scoped(loop, std::move(task)).within(timeout);
}

}  // namespace uring
