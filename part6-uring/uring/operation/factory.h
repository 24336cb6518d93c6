#pragma once

#include <span>
#include <utility>

#include "uring/loop_core.h"
#include "uring/operation/await.h"
#include "uring/operation/awaited.h"
#include "uring/operation/request.h"

namespace uring {

/// A loop that can start operations: what their tables are written with.
class OperationFactory : public LoopCore {
 public:
  /// Any operation at all: see AnyRequest.
  template <AnyRequest R>
  Await<AwaitedOperation<R>> start(R request) {
    return Await<AwaitedOperation<R>>(AwaitedOperation<R>(*this, std::move(request)));
  }

 protected:
  using LoopCore::LoopCore;

  template <typename T>
  static unsigned count(std::span<T> items) {
    return static_cast<unsigned>(items.size());
  }
  template <typename Value, typename Prepare>
  auto make(const char* what, Prepare prepare) {
    return start(Request<Value, Prepare>(what, std::move(prepare)));
  }
  template <typename Prepare>
  auto make_fd(const char* what, Prepare prepare) {
    return start(FdRequest<Prepare>(what, std::move(prepare)));
  }
  template <typename Prepare>
  auto make_direct(const char* what, Prepare prepare) {
    return start(DirectRequest<Prepare>(ring(), what, std::move(prepare)));
  }
  /// On a descriptor, which may be a direct one.
  template <typename Value, typename Prepare>
  auto on(Descriptor fd, const char* what, Prepare prepare) {
    return make<Value>(what, [fd, prepare = std::move(prepare)](io_uring_sqe& e) mutable {
      prepare(e);
      fd.mark(e);
    });
  }
};

}  // namespace uring
