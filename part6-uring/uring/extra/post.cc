#include "uring/extra/post.h"

#include <liburing.h>
#include <sys/eventfd.h>

#include <mutex>
#include <utility>
#include <vector>

#include "common/fd.h"
#include "uring/loop.h"

namespace uring {

struct Poster::State {
  std::mutex mutex;
  std::vector<Work> queue;
  bool ended = false;
  common::Fd wake;  ///< An eventfd: written to when the queue was empty.

  std::vector<Work> take_all(bool for_good) {
    const std::scoped_lock lock(mutex);
    ended = for_good;
    return std::exchange(queue, {});
  }
};

bool Poster::post(Work work) const {
  {
    const std::scoped_lock lock(state_->mutex);
    if (state_->ended) return false;
    state_->queue.push_back(std::move(work));
    if (state_->queue.size() > 1) return true;  // the loop was told already
  }
  (void)::eventfd_write(state_->wake.get(), 1);  // cannot fail: it is read before 2^64 of them
  return true;
}

Result<std::unique_ptr<PostQueue>> PostQueue::create(Loop& loop) {
  auto state = std::make_shared<Poster::State>();
  state->wake = common::Fd(::eventfd(0, EFD_CLOEXEC));
  if (!state->wake) return common::last_error();
  return std::unique_ptr<PostQueue>(new PostQueue(loop, Poster(std::move(state))));
}

PostQueue::PostQueue(Loop& loop, Poster poster) : Operation(loop), poster_(std::move(poster)) {
  shield();
  begin();
}

PostQueue::~PostQueue() {
  cancel_and_wait();
  (void)poster_.state_->take_all(true);  // destroyed here, where no thread waits for the mutex
}

void PostQueue::prepare(io_uring_sqe& entry) noexcept {
  io_uring_prep_read(&entry, poster_.state_->wake.get(), &count_, sizeof(count_), 0);
}

/// What is posted meanwhile has the next turn: threads that post without end starve nothing.
void PostQueue::go_on() noexcept {
  if (result() < 0) {  // EACCES: Ring::permit_only()
    (void)poster_.state_->take_all(true);
    return;
  }
  begin();
  for (Poster::Work& work : poster_.state_->take_all(false)) work();
}

}  // namespace uring
