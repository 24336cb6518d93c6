#include "uring/acceptor.h"

#include <poll.h>

#include <chrono>
#include <utility>

#include "common/server/log.h"

namespace uring {
namespace {

// One for the process: a line a second, however many loops it has.
common::RepeatedFault accept_fault("cannot accept");

/// Newcomers taken in one turn: a flood of them must not keep the others waiting.
constexpr int accept_budget = 16;

/// How long to wait after accept found no descriptor or no memory, unless a connection leaves.
constexpr auto shortage_pause = std::chrono::milliseconds(100);

}  // namespace

Task<Result<common::Accepted>> Acceptor::next() {
  while (true) {
    if (budget_ == 0) {
      const auto somebody = co_await loop_.poll(listener_, POLLIN);
      if (!somebody) co_return std::unexpected(somebody.error());
      budget_ = accept_budget;
    }
    --budget_;
    if (!connection_limit_.try_acquire(wake_.get())) {
      const auto freed = co_await place_freed_.wait();
      if (!freed) co_return std::unexpected(freed.error());
      continue;
    }
    // The listener does not wait; what waits for the connection is the ring.
    auto accepted = common::accept_one(listener_, common::SocketMode::blocking);
    if (accepted && *accepted) co_return std::move(**accepted);
    connection_limit_.release();
    if (accepted) {  // nobody there
      budget_ = 0;
      continue;
    }
    if (!common::is_transient_accept_error(accepted.error()))
      co_return std::unexpected(accepted.error());
    accept_fault.report(accepted.error(), loop_.now());
    shortage_.reset();
    const auto paused = co_await loop_.sleep(shortage_pause).cancelled_by(shortage_);
    if (!paused && shortage_.reason() == Error{}) co_return std::unexpected(paused.error());
  }
}

void Acceptor::give_back() {
  connection_limit_.release();
  shortage_.cancel();
}

}  // namespace uring
