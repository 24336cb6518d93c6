#include "uring/server/acceptor.h"

#include <poll.h>

#include <chrono>
#include <functional>
#include <utility>

#include "common/server/log.h"

namespace uring {
namespace {

// One for the process: a line a second, however many loops it has.
common::RepeatedFault accept_fault("cannot accept");

/// Connections accepted in one turn: a flood of them must not keep the others waiting.
constexpr int accept_budget = 16;

/// How long to wait after accept found no descriptor or no memory, unless a connection leaves.
constexpr auto shortage_pause = std::chrono::milliseconds(100);

}  // namespace

Task<Result<common::Accepted>> Acceptor::next() {
  while (true) {
    if (budget_ == 0) {
      const auto ready = co_await loop_.poll(listener_, POLLIN);
      if (!ready) co_return std::unexpected(ready.error());
      budget_ = accept_budget;
    }
    --budget_;
    if (!connection_limit_.try_acquire(background_.wake().get())) {
      const auto freed = co_await background_.change();
      if (!freed) co_return std::unexpected(freed.error());
      continue;
    }
    // The listener does not wait. Nor need the connection be non-blocking: the ring waits for it.
    auto accepted = common::accept_one(listener_, common::SocketMode::blocking);
    if (accepted && *accepted) co_return std::move(**accepted);
    connection_limit_.release();
    if (accepted) {  // another loop was faster
      budget_ = 0;
      continue;
    }
    if (!common::is_transient_accept_error(accepted.error())) {
      co_return std::unexpected(accepted.error());
    }
    accept_fault.report(accepted.error(), loop_.now());
    shortage_.reset();
    const auto paused = co_await loop_.sleep(shortage_pause).cancelled_by(shortage_);
    if (!paused && shortage_.reason() == Error{}) co_return std::unexpected(paused.error());
  }
}

Task<Status> Acceptor::accept_each(std::function<void(common::Accepted)> serve) {
  while (true) {
    auto accepted = co_await next();
    if (!accepted) co_return std::unexpected(accepted.error());
    serve(std::move(*accepted));
  }
}

void Acceptor::release() {
  connection_limit_.release();
  shortage_.cancel();
}

}  // namespace uring
