#include "uring/loop.h"

#include <array>

#include "uring/memory/frame_pool.h"

namespace uring {

Result<std::unique_ptr<Loop>> Loop::create(const Setup& setup) {
  auto ring = Ring::create(setup);
  if (!ring) return std::unexpected(ring.error());
  return std::unique_ptr<Loop>(new Loop(setup, std::move(*ring)));
}

Loop::Loop(const Setup& setup, Ring ring) : LoopCore(setup, std::move(ring)) {
  if (setup.check_memory) FramePool::check_memory();
}

Loop::~Loop() {
  if (begun() != ended()) check_thread();
}

Status Loop::register_iowq_max_workers(unsigned bounded, unsigned unbounded) {
  std::array<unsigned, 2> values{bounded, unbounded};
  return status_of(io_uring_register_iowq_max_workers(&ring_.raw(), values.data()));
}

Status Loop::register_buffers(std::span<const iovec> buffers) {
  return status_of(io_uring_register_buffers(&ring_.raw(), buffers.data(),
                                             static_cast<unsigned>(buffers.size())));
}

}  // namespace uring
