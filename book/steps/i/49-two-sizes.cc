// A completion has 16 bytes, and some have more to tell. Before, a ring gave 32 bytes to each of
// them (IORING_SETUP_CQE32). On a mixed ring (IORING_SETUP_CQE_MIXED, Linux 6.18) only those that
// need it have 32, and the program looks at a flag to know where the next one begins.
// Try it: ./49-two-sizes

#include <liburing.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

// liburing 2.3 has no names for these.
constexpr unsigned setup_mixed = 1U << 18;   // IORING_SETUP_CQE_MIXED
constexpr unsigned is_large = 1U << 15;      // IORING_CQE_F_32
constexpr unsigned is_filler = 1U << 5;      // IORING_CQE_F_SKIP
constexpr unsigned nop_with_more = 1U << 5;  // IORING_NOP_CQE32: the completion has two numbers

io_uring ring;

// [walk]
/// Prints the completion at `head`, and returns where the next one begins.
unsigned print_one(unsigned head) {
  const unsigned place = head & ring.cq.ring_mask;
  const io_uring_cqe& entry = ring.cq.cqes[place];
  std::printf("  place %u: ", place);
  if ((entry.flags & is_filler) != 0) {
    std::puts("nothing, to be skipped");
    return head + 1;
  }
  if ((entry.flags & is_large) == 0) {
    std::printf("request %llu, 16 bytes\n", entry.user_data);
    return head + 1;
  }
  std::printf("request %llu, 32 bytes: %llu and %llu\n", entry.user_data, entry.big_cqe[0],
              entry.big_cqe[1]);
  return head + 2;
}
// [/walk]

/// Requests that do nothing, and whose completions are to have that size.
void submit(const char* sizes) {
  static unsigned long long number = 0;
  for (const char* size = sizes; *size != '\0'; ++size) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring);
    io_uring_prep_nop(sqe);
    if (*size == 'L') {
      sqe->rw_flags = nop_with_more;
      sqe->off = 7;
      sqe->addr = 8;
    }
    sqe->user_data = ++number;
  }
  if (io_uring_submit(&ring) < 0) std::exit(1);
}

void print_all(const char* sizes) {
  submit(sizes);
  std::puts(sizes);
  unsigned head = *ring.cq.khead;
  const unsigned tail = io_uring_smp_load_acquire(ring.cq.ktail);
  while (head != tail) head = print_one(head);
  io_uring_smp_store_release(ring.cq.khead, head);
}

}  // namespace

int main() {
  const int made = io_uring_queue_init(4, &ring, setup_mixed);
  if (made < 0) {
    std::printf("no mixed ring: %s (Linux 6.18 has it)\n", strerrorname_np(-made));
    return 80;
  }
  std::printf("%u places of 16 bytes\n", ring.cq.ring_entries);
  print_all("sLs");
  print_all("LsLs");
  io_uring_queue_exit(&ring);
}
