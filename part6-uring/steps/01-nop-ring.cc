// io_uring without a library: io_uring_setup(2) makes two rings, mmap(2) maps them into our memory,
// io_uring_enter(2) tells the kernel to look. The side that adds an entry moves the tail, the side
// that takes one moves the head: for submissions we own the tail, for completions the head. Both
// only count upwards; a mask makes the index. Needs Linux 5.4.
// Try it: ./01-nop-ring

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace {

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int check(long result, const char* what) {
  if (result < 0) fail(what);
  return static_cast<int>(result);
}

/// Pointers into the memory that we share with the kernel.
struct Ring {
  unsigned sq_mask;  // index & mask is an entry, since there are a power of two
  unsigned cq_mask;
  unsigned* sq_head;
  unsigned* sq_tail;
  unsigned* sq_array;  // the submissions: indices of sqes, in order
  unsigned* cq_head;
  unsigned* cq_tail;
  io_uring_sqe* sqes;
  io_uring_cqe* cqes;  // the completions
};

// The other side of a ring is another thread, perhaps on another processor. Acquire: after we have
// seen its new index, we see what it wrote before. Release: it sees what we wrote before ours.
unsigned load(unsigned& index) { return std::atomic_ref(index).load(std::memory_order_acquire); }
void store(unsigned& index, unsigned value) {
  std::atomic_ref(index).store(value, std::memory_order_release);
}

std::byte* map(int fd, std::size_t bytes, off_t what) {
  void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, what);
  if (at == MAP_FAILED) fail("mmap");
  return static_cast<std::byte*>(at);
}

template <typename T>
T* find(std::byte* memory, unsigned offset) {
  return reinterpret_cast<T*>(memory + offset);
}

/// One mapping has both rings (IORING_FEAT_SINGLE_MMAP), a second one the sqes.
Ring map_rings(int fd, const io_uring_params& params) {
  const auto& sq = params.sq_off;
  const auto& cq = params.cq_off;
  const std::size_t bytes = std::max(sq.array + params.sq_entries * sizeof(unsigned),
                                     cq.cqes + params.cq_entries * sizeof(io_uring_cqe));
  std::byte* rings = map(fd, bytes, IORING_OFF_SQ_RING);
  std::byte* sqes = map(fd, params.sq_entries * sizeof(io_uring_sqe), IORING_OFF_SQES);
  return {.sq_mask = params.sq_entries - 1,
          .cq_mask = params.cq_entries - 1,
          .sq_head = find<unsigned>(rings, sq.head),
          .sq_tail = find<unsigned>(rings, sq.tail),
          .sq_array = find<unsigned>(rings, sq.array),
          .cq_head = find<unsigned>(rings, cq.head),
          .cq_tail = find<unsigned>(rings, cq.tail),
          .sqes = find<io_uring_sqe>(sqes, 0),
          .cqes = find<io_uring_cqe>(rings, cq.cqes)};
}

void show(const char* when, const Ring& ring) {
  std::printf("%-9s submissions: head %u tail %u array", when, load(*ring.sq_head),
              load(*ring.sq_tail));
  for (int i = 0; i < 4; ++i) std::printf(" %u", ring.sq_array[i]);
  std::printf("   completions: head %u tail %u\n", load(*ring.cq_head), load(*ring.cq_tail));
}

/// Fills in an entry and announces it.
void prepare_nop(const Ring& ring, unsigned long long user_data) {
  const unsigned tail = *ring.sq_tail;  // ours: only we write it
  const unsigned which = 2;             // any free entry will do
  ring.sqes[which] = {};
  ring.sqes[which].opcode = IORING_OP_NOP;
  ring.sqes[which].user_data = user_data;
  ring.sq_array[tail & ring.sq_mask] = which;
  store(*ring.sq_tail, tail + 1);  // a kernel that sees the tail sees the entry
}

/// Takes the oldest completion.
io_uring_cqe reap(const Ring& ring) {
  // [yours] return {};
  const unsigned head = *ring.cq_head;  // ours
  if (head == load(*ring.cq_tail)) {
    std::puts("no completion");
    std::exit(1);
  }
  const io_uring_cqe cqe = ring.cqes[head & ring.cq_mask];
  store(*ring.cq_head, head + 1);  // from here on the kernel may overwrite it
  return cqe;
  // [/yours]
}

}  // namespace

int main() {
  // [set-up]
  io_uring_params params{};
  const int fd = check(syscall(SYS_io_uring_setup, 3, &params), "io_uring_setup");
  const Ring ring = map_rings(fd, params);
  // [/set-up]
  std::printf("asked for 3: %u submissions, mask %u; %u completions, mask %u\n", params.sq_entries,
              ring.sq_mask, params.cq_entries, ring.cq_mask);
  show("set up", ring);

  // [turn]
  for (unsigned turn = 1; turn <= 9; ++turn) {
    const unsigned sq_position = *ring.sq_tail & ring.sq_mask;
    const unsigned cq_position = *ring.cq_head & ring.cq_mask;
    prepare_nop(ring, 100 + turn);
    if (turn == 1) show("prepared", ring);

    check(syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, nullptr, 0), "enter");
    if (turn == 1) show("entered", ring);

    const io_uring_cqe cqe = reap(ring);
    std::printf("nop %u at position %u, completion at position %u: user_data %llu, result %d\n",
                turn, sq_position, cq_position, cqe.user_data, cqe.res);
    if (turn == 1) show("reaped", ring);
  }
  // [/turn]
  show("ended", ring);
  close(fd);
}
