#include "uring/buffers.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>

#include "uring/loop_core.h"
#include "uring/memory/frame_pool.h"

namespace uring {
namespace {

/// Each buffer begins with a cache line, where copying is fastest.
constexpr std::size_t line_bytes = 64;

/// The distance from one buffer to the next. We leave a line free, because if all buffers began at
/// the same place in a page, their first bytes, which are all of a short message, would compete for
/// the same few lines.
constexpr std::size_t stride_for(std::size_t bytes_each) {
  return (bytes_each + line_bytes - 1) / line_bytes * line_bytes + line_bytes;
}

/// The ring never has fewer, if there are as many.
constexpr std::uint32_t buffers_min = 2;

/// So many bytes are still in the cache when they are sent. Without this limit, messages of 64 KiB
/// from 64 clients cost 1.4 times as much processor time, and twice the memory.
constexpr std::size_t lent_bytes_max = 64 * 1024;

/// The kernel numbers groups in 16 bits.
constexpr int groups_max = 1 << 16;

/// After so many turns, the ring gives up the buffers that weren't needed in them.
constexpr std::uint32_t shrink_interval_turns = 256;

std::unexpected<std::error_code> no_memory() {
  return std::unexpected(std::make_error_code(std::errc::not_enough_memory));
}

/// Gives the memory of an idle buffer back to the kernel, but not the pages at the two ends, which
/// may belong to its neighbours, too.
void free_pages(std::byte* begin, std::size_t bytes) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* first = begin;
  if (std::align(page, page, first, bytes) == nullptr) return;
  (void)::madvise(first, bytes / page * page, MADV_DONTNEED);
}

}  // namespace

Result<std::unique_ptr<Buffers>> Buffers::create(LoopCore& loop, std::uint32_t count,
                                                 std::size_t bytes_each) {
  if (!std::has_single_bit(count) || count > Setup::buffers_max || bytes_each == 0 ||
      bytes_each > Setup::buffer_bytes_max) {
    return std::unexpected(std::make_error_code(std::errc::invalid_argument));
  }
  const std::size_t stride_bytes = stride_for(bytes_each);
  const bool has_size = count <= SIZE_MAX / stride_bytes;  // not always, if a size has 32 bits
  Memory memory;
  if (has_size) {  // unused pages take no memory yet
    memory.reset(static_cast<std::byte*>(std::aligned_alloc(line_bytes, count * stride_bytes)));
  }
  if (!memory) return no_memory();
  std::unique_ptr<Buffers> made(new Buffers(loop, count, bytes_each, std::move(memory)));
  if (const auto registered = made->register_ring(); !registered) {
    return std::unexpected(registered.error());
  }
  made->give_first();
  return made;
}

Buffers::Buffers(LoopCore& loop, std::uint32_t count, std::size_t bytes_each, Memory memory)
    : loop_(loop),
      count_(count),
      bytes_each_(bytes_each),
      stride_bytes_(stride_for(bytes_each)),
      mask_(count - 1),
      returned_(loop),
      memory_(std::move(memory)) {
  loop.add(*this);
}

void Buffers::FreeDeleter::operator()(void* memory) const { std::free(memory); }

Status Buffers::register_ring() {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t bytes = (count_ * sizeof(io_uring_buf) + page - 1) / page * page;
  void* memory = std::aligned_alloc(page, bytes);
  if (memory == nullptr) return no_memory();
  ring_.reset(new (memory) io_uring_buf[count_]());
  for (std::uint32_t i = 0; i < count_; ++i) {
    ring_.get()[i].len = static_cast<std::uint32_t>(bytes_each_);  // of any buffer that is there
  }
  io_uring_buf_reg about{};
  about.ring_addr = reinterpret_cast<std::uintptr_t>(memory);
  about.ring_entries = count_;
  int result = -EEXIST;
  for (int tries = 0; tries < groups_max && result == -EEXIST; ++tries) {
    group_ = loop_.new_buffer_group();
    about.bgid = group_;
    result = io_uring_register_buf_ring(&loop_.ring().raw(), &about, 0);
  }
  registered_ = result == 0;
  return status_of(result);
}

void Buffers::give_first() {
  idle_.reserve(count_);
  for (std::uint32_t i = count_; i-- > 0;) {
    idle_.push_back(static_cast<std::uint16_t>(i));
    if (checks_memory_) make_unreadable(idle_.back());
  }
  needed_ = std::min(buffers_min, count_);
  grow(needed_);
}

bool Buffers::can_wake_waiters() {
  add_if_all_are_lent();
  note_need();
  const bool none_came_back = std::exchange(tail_before_, tail_) == tail_;
  if (!returned_.has_waiters()) return false;
  if (free() > 0) return true;
  if (idle_.empty()) return false;
  // Whoever has the buffers may keep them and wait for one more. If none came back in a turn, we
  // add some. So the loop must not sleep before the next turn.
  if (none_came_back) add_more();
  return true;
}

/// Wakes no more coroutines than there are buffers. If one needs none after all, because the peer
/// is gone or silent, the buffer is free for the next turn's coroutines.
void Buffers::wake_waiters() {
  for (std::uint32_t left = free(); left > 0 && returned_.has_waiters(); --left) {
    returned_.notify_one();
  }
}

void Buffers::receive_failed(int result, std::uint32_t flags) {
  if (result == -ENOBUFS) ran_out();
  if ((flags & IORING_CQE_F_BUFFER) == 0) return;
  const std::uint16_t number = number_of(flags);
  lend(number, 0);
  give_back(number);
}

/// Called when a receive found no buffer.
void Buffers::ran_out() {
  const bool first = std::exchange(ran_out_in_, loop_.turns()) != loop_.turns();
  if (first && in_ring_ < 2 * lent_max()) add_more();  // once for all receives of this turn
}

/// How many to lend together, if the next messages are as large as the last ones.
std::uint32_t Buffers::lent_max() const {
  return std::max(1u, static_cast<std::uint32_t>(lent_bytes_max / (received_bytes_ + 1)));
}

void Buffers::add_more() {
  grow(std::min(in_ring_, static_cast<std::uint32_t>(idle_.size())));
  needed_ = in_ring_;
}

void Buffers::grow(std::uint32_t count) {
  in_ring_ += count;
  for (; count > 0; --count) {
    const std::uint16_t number = idle_.back();
    idle_.pop_back();
    give_to_kernel(number);
  }
}

/// Called in each turn. Adjusts needed_ to how many were lent in the last turns.
void Buffers::note_need() {
  const std::uint32_t now = std::min(lent_, lent_max());
  most_lent_ = std::max(most_lent_, now);
  needed_ = std::max(needed_, now);
  if (++turns_ < shrink_interval_turns) return;
  turns_ = 0;
  needed_ = std::max(std::min(buffers_min, count_), 2 * std::exchange(most_lent_, 0));
}

void Buffers::retire(std::uint16_t number) {
  if (!checks_memory_) free_pages(begin_of(number), bytes_each_);  // or the pattern would be lost
  idle_.push_back(number);
  --in_ring_;
}

Buffers::~Buffers() {
  loop_.remove(*this);
  for (std::uint32_t i = 0; i < count_; ++i) {
    unpoison(begin_of(static_cast<std::uint16_t>(i)), bytes_each_);
  }
  assert(lent_ == 0);
  if (registered_) (void)io_uring_unregister_buf_ring(&loop_.ring().raw(), group_);
}

void Buffers::demand_unused_rest(std::uint16_t number, std::uint32_t used) {
  unpoison(begin_of(number), bytes_each_);
  demand_pattern(begin_of(number) + used, bytes_each_ - used, "a receive buffer");
}

/// Makes code that looks too late find rubbish, or be reported.
void Buffers::make_unreadable(std::uint16_t number) {
  fill_with_pattern(begin_of(number), bytes_each_);
  poison(begin_of(number), bytes_each_);
}

}  // namespace uring
