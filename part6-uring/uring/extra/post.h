#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "uring/error.h"
#include "uring/operation/operation.h"

namespace uring {

class Loop;

/// Work for a loop, from any thread:
///
///     const auto queue = PostQueue::create(loop);                  // in the loop's thread
///     std::thread other([poster = (*queue)->poster()] {
///       poster.post([] { … });                                     // runs in the loop's thread
///     });
///
/// To wake a coroutine, post what it waits for: `poster.post([&changed] { changed.notify_one();
/// })`.
///
/// A Poster is a handle, which each thread may copy and keep for as long as it likes, also after
/// the queue and its loop have ended: then post() returns false. What the work itself refers to
/// must live until the queue's end; so the queue is best made after it.
class Poster {
 public:
  using Work = std::move_only_function<void()>;

  /// Has the loop's thread call `work`, once, as a part of a turn, after all that was posted
  /// before. It may do all that a coroutine may between two waits: spawn one, notify, destroy; it
  /// must neither block nor throw, nor destroy the queue. Wakes the loop if it sleeps. Any thread
  /// may call it, the loop's own too; a signal handler may not. False: the queue has ended, or its
  /// ring may not read (Ring::permit_only()), and `work` is destroyed here.
  bool post(Work work) const;

 private:
  friend class PostQueue;
  struct State;
  explicit Poster(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

/// The loop's end of it. Made and ended in the loop's thread, before the loop. Work that is left
/// then is destroyed there without being called. It belongs to no scope, so that to cancel one
/// stops no work; the scope of what the work spawns is one that it names.
class PostQueue final : public Operation {
 public:
  /// Error: of eventfd(2), too_many_files_open.
  static Result<std::unique_ptr<PostQueue>> create(Loop& loop);
  PostQueue(const PostQueue&) = delete;
  PostQueue& operator=(const PostQueue&) = delete;
  ~PostQueue();

  Poster poster() const { return poster_; }

  const char* what() const override { return "post"; }

 private:
  PostQueue(Loop& loop, Poster poster);
  void prepare(io_uring_sqe& entry) noexcept override;
  void ended() override { make_ready(); }
  void go_on() noexcept override;  // work that throws ends the process, as a coroutine does

  Poster poster_;
  std::uint64_t count_ = 0;  ///< Of posts since the last read; the kernel writes it.
};

}  // namespace uring
