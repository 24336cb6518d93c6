#include "ring_server/acceptor.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <functional>
#include <utility>

#include "common/net/accept.h"
#include "common/server/log.h"

namespace uring {
namespace {

// One for the process: a line a second, however many loops it has.
common::RepeatedFault accept_fault("cannot accept");

/// Takes one connection out of the backlog; no descriptor: there is none. The connection need not
/// be non-blocking: the ring waits for it.
Result<common::Accepted> accept_one(const common::Fd& listener) {
  while (true) {
    common::Accepted client;
    socklen_t size = common::Address::capacity();
    client.fd = common::Fd(::accept4(listener.get(), client.peer.data(), &size, SOCK_CLOEXEC));
    if (client.fd || errno == EAGAIN) return client;
    // ECONNABORTED: this client left while it was queued; the next may be fine. accept(2)
    if (errno != EINTR && errno != ECONNABORTED) return common::last_error();
  }
}

}  // namespace

Task<Result<common::Accepted>> Acceptor::next() {
  while (true) {
    if (budget_ == 0) {
      const auto ready = co_await loop_.poll(listener_, POLLIN);
      if (!ready) co_return std::unexpected(ready.error());
      budget_ = common::accept_budget;
    }
    --budget_;
    if (!connection_limit_.try_acquire(background_.wake().get())) {
      if (!std::exchange(is_waiting_, true)) ++waits_;
      const auto freed = co_await background_.change();
      if (!freed) co_return std::unexpected(freed.error());
      continue;
    }
    is_waiting_ = false;
    auto accepted = accept_one(listener_);
    if (accepted && accepted->fd) co_return std::move(*accepted);
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
    const auto paused = co_await loop_.sleep(common::shortage_pause).cancelled_by(shortage_);
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
