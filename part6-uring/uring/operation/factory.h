#pragma once

#include <span>
#include <utility>

#include "uring/operation/await.h"
#include "uring/operation/awaited.h"
#include "uring/operation/request.h"

namespace uring {

using ConstBytes = std::span<const std::byte>;
using Bytes = std::span<std::byte>;

/// What the tables of operations are written with.
class OperationFactory {
 public:
  /// Any operation at all: see AnyRequest.
  template <AnyRequest R>
  Await<AwaitedOperation<R>> start(R request) {
    return Await<AwaitedOperation<R>>(AwaitedOperation<R>(loop(), std::move(request)));
  }

 protected:
  OperationFactory() = default;
  ~OperationFactory() = default;

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
    return start(DirectRequest<Prepare>(loop(), what, std::move(prepare)));
  }
  /// On a descriptor, which may be a direct one.
  template <typename Value, typename Prepare>
  auto on(Descriptor fd, const char* what, Prepare prepare) {
    return make<Value>(what, [fd, prepare = std::move(prepare)](io_uring_sqe& e) mutable {
      prepare(e);
      fd.mark(e);
    });
  }

  Loop& loop();
};

}  // namespace uring
