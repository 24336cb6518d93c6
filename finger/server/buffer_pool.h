#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace finger {

/// Where plans are read and converted: as many buffers as were ever needed at once, each lent as
/// long as a plan is sent, and not while a client thinks about its query.
class BufferPool {
 public:
  static constexpr std::size_t bytes_each = 16 * 1024;
  using Buffer = std::array<std::byte, bytes_each>;

  struct GiveBack {
    BufferPool* pool;
    void operator()(Buffer* buffer) const { pool->free_.emplace_back(buffer); }
  };
  using Lent = std::unique_ptr<Buffer, GiveBack>;

  Lent lend() {
    if (free_.empty()) free_.emplace_back(new Buffer);  // left as it is: the kernel will fill it
    Lent lent(free_.back().release(), GiveBack{this});
    free_.pop_back();
    return lent;
  }

 private:
  std::vector<std::unique_ptr<Buffer>> free_;
};

}  // namespace finger
