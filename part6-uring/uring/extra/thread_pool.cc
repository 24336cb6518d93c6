#include "uring/extra/thread_pool.h"

#include <cassert>

namespace uring {

Result<std::unique_ptr<ThreadPool>> ThreadPool::create(Loop& loop, unsigned threads_max) {
  assert(threads_max > 0);
  auto ended = PostQueue::create(loop);
  if (!ended) return std::unexpected(ended.error());
  return std::unique_ptr<ThreadPool>(new ThreadPool(loop, threads_max, std::move(*ended)));
}

ThreadPool::ThreadPool(Loop& loop, unsigned threads_max, std::unique_ptr<PostQueue> ended)
    : loop_(loop), threads_max_(threads_max), ended_(std::move(ended)) {}

ThreadPool::~ThreadPool() {
  {
    const std::scoped_lock lock(mutex_);
    assert(waiting_.empty());  // it outlives those that wait for it
    ending_ = true;
  }
  changed_.notify_all();
  threads_.clear();  // joins them
}

void ThreadPool::begin(std::shared_ptr<Call> call) {
  {
    const std::scoped_lock lock(mutex_);
    waiting_.push_back(std::move(call));
    if (waiting_.size() > idle_ && threads_.size() < threads_max_) {
      threads_.emplace_back([this] { work(); });
    }
  }
  changed_.notify_one();
}

void ThreadPool::give_up(const std::shared_ptr<Call>& call) {
  call->waiter_ = nullptr;
  const std::scoped_lock lock(mutex_);
  std::erase(waiting_, call);
}

/// In each of the threads.
void ThreadPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    --idle_;
    if (ending_) return;
    auto call = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    call->run();
    // The last owner is the loop's thread, where what it has captured may be at home.
    (void)ended_->poster().post([this, call = std::move(call)] {
      if (call->waiter_ == nullptr) return;
      std::exchange(call->waiter_, nullptr)->wake(loop_);
    });
    lock.lock();
  }
}

}  // namespace uring
