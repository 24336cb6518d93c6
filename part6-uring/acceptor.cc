#include "acceptor.h"

#include <poll.h>

#include <optional>
#include <utility>

#include "common/server/constants.h"
#include "common/server/log.h"

namespace stage {
namespace {

// One for the whole process, so that there is one line a second, however many loops there are.
common::RepeatedFault accept_fault("cannot accept");

}  // namespace

uring::Task<common::Result<Admitted>> Acceptor::next() {
  std::optional<common::Permit> permit;
  while (true) {
    if (budget_ == 0) {
      permit.reset();  // while this loop waits for a connection, another may need it
      const auto ready = co_await loop_.poll(listener_, POLLIN);
      if (!ready) co_return std::unexpected(ready.error());
      budget_ = common::accept_budget;
    }
    --budget_;
    if (!permit) permit = connection_limit_.try_acquire(background_.wake().get());
    if (!permit && is_connection_there()) {
      const auto freed = co_await background_.change();
      if (!freed) co_return std::unexpected(freed.error());
      continue;
    }
    if (!permit) {
      budget_ = 0;  // no connection needs one
      continue;
    }

    auto accepted = common::accept_waiting(listener_);
    if (accepted && accepted->fd) co_return Admitted{std::move(*permit), std::move(*accepted)};
    if (accepted) {
      budget_ = 0;  // another loop was faster
    } else if (const auto over = co_await wait_out(accepted.error()); !over) {
      co_return std::unexpected(over.error());
    } else {
      // We keep the permit, because giving it back would wake other loops, which lack the same.
      budget_ = common::accept_budget;
    }
  }
}

uring::Task<common::Status> Acceptor::wait_out(std::error_code fault) {
  if (!common::is_transient_accept_error(fault)) co_return std::unexpected(fault);
  accept_fault.report(fault, loop_.now());
  connection_limit_.add_waiter(background_.wake().get());
  const auto closed = co_await background_.change().within(common::shortage_pause);
  if (!closed && closed.error() != uring::Error::timed_out) co_return closed;
  co_return {};
}

bool Acceptor::is_connection_there() const {
  pollfd watched{.fd = listener_.get(), .events = POLLIN, .revents = 0};
  return ::poll(&watched, 1, 0) != 0;  // after an error we assume one
}

}  // namespace stage
