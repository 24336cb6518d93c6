// cat(1) on a ring without a library. Up to four reads of a file are submitted together, and one
// io_uring_enter(2) submits them and waits for all; they complete in any order, and user_data says
// which is which. As with read(2), a short read is not the end: only 0 bytes are. Needs Linux 5.6.
// Try it: ./02-ring-cat /etc/services   or   (echo one; sleep 1; echo two) | ./02-ring-cat

#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

constexpr unsigned batch_reads_max = 4;
constexpr unsigned block_bytes = 4096;

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int check(int result, const char* what) {
  if (result < 0) fail(what);
  return result;
}

unsigned load(unsigned& index) { return std::atomic_ref(index).load(std::memory_order_acquire); }
void store(unsigned& index, unsigned value) {
  std::atomic_ref(index).store(value, std::memory_order_release);
}

class Ring {
 public:
  Ring() {
    io_uring_params params{};
    fd_ = check(static_cast<int>(syscall(SYS_io_uring_setup, batch_reads_max, &params)),
                "io_uring_setup");
    const auto& sq = params.sq_off;
    const auto& cq = params.cq_off;
    std::byte* rings = map(std::max(sq.array + params.sq_entries * sizeof(unsigned),
                                    cq.cqes + params.cq_entries * sizeof(io_uring_cqe)),
                           IORING_OFF_SQ_RING);
    std::byte* sqes = map(params.sq_entries * sizeof(io_uring_sqe), IORING_OFF_SQES);
    sq_mask_ = params.sq_entries - 1;
    cq_mask_ = params.cq_entries - 1;
    sq_head_ = reinterpret_cast<unsigned*>(rings + sq.head);
    sq_tail_ = reinterpret_cast<unsigned*>(rings + sq.tail);
    sq_array_ = reinterpret_cast<unsigned*>(rings + sq.array);
    cq_head_ = reinterpret_cast<unsigned*>(rings + cq.head);
    cq_tail_ = reinterpret_cast<unsigned*>(rings + cq.tail);
    sqes_ = reinterpret_cast<io_uring_sqe*>(sqes);
    cqes_ = reinterpret_cast<io_uring_cqe*>(rings + cq.cqes);
  }

  /// At most batch_reads_max between two waits, each of which empties the submission queue.
  void prepare_read(int file, char* block, std::uint64_t offset, std::uint64_t user_data) {
    const unsigned tail = *sq_tail_;
    const unsigned which = tail & sq_mask_;
    io_uring_sqe& sqe = sqes_[which];
    sqe = {};
    sqe.opcode = IORING_OP_READ;
    sqe.fd = file;
    sqe.addr = reinterpret_cast<std::uintptr_t>(block);
    sqe.len = block_bytes;
    sqe.off = offset;
    sqe.user_data = user_data;
    sq_array_[which] = which;
    store(*sq_tail_, tail + 1);  // a kernel that sees the tail sees the entry
  }

  void submit_and_wait(unsigned completions) {
    while (load(*cq_tail_) - *cq_head_ < completions) {  // a signal ends a wait early
      const unsigned prepared = *sq_tail_ - load(*sq_head_);
      const long result = syscall(SYS_io_uring_enter, fd_, prepared, completions,
                                  IORING_ENTER_GETEVENTS, nullptr, 0);
      if (result < 0 && errno != EINTR) fail("io_uring_enter");
    }
  }

  io_uring_cqe reap() {
    const unsigned head = *cq_head_;
    const io_uring_cqe cqe = cqes_[head & cq_mask_];
    store(*cq_head_, head + 1);  // from here on the kernel may overwrite it
    return cqe;
  }

 private:
  std::byte* map(std::size_t bytes, off_t what) const {
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, what);
    if (memory == MAP_FAILED) fail("mmap");
    return static_cast<std::byte*>(memory);
  }

  int fd_;
  unsigned sq_mask_;
  unsigned cq_mask_;
  unsigned* sq_head_;
  unsigned* sq_tail_;
  unsigned* sq_array_;
  unsigned* cq_head_;
  unsigned* cq_tail_;
  io_uring_sqe* sqes_;
  io_uring_cqe* cqes_;
};

char blocks[batch_reads_max][block_bytes];  // the kernel writes here until the read completes

int main(int argc, char** argv) {
  const int file = argc > 1 ? check(open(argv[1], O_RDONLY | O_CLOEXEC), argv[1]) : STDIN_FILENO;
  const off_t start = lseek(file, 0, SEEK_CUR);
  const unsigned batch_reads = start < 0 ? 1 : batch_reads_max;  // a pipe knows no offsets
  std::uint64_t offset = start < 0 ? 0 : static_cast<std::uint64_t>(start);
  unsigned waits = 0;
  Ring ring;
  for (bool ended = false; !ended; ++waits) {
    for (unsigned i = 0; i < batch_reads; ++i) {
      ring.prepare_read(file, blocks[i], start < 0 ? 0 : offset + i * block_bytes, i);
    }
    ring.submit_and_wait(batch_reads);
    int results[batch_reads_max];
    for (unsigned i = 0; i < batch_reads; ++i) {
      const io_uring_cqe cqe = ring.reap();
      results[cqe.user_data] = cqe.res;
    }
    for (unsigned i = 0; i < batch_reads && !ended; ++i) {
      errno = -results[i];  // a completion carries the errno as its result
      const auto got = static_cast<unsigned>(check(results[i], "read"));
      ended = got == 0;
      std::fwrite(blocks[i], 1, got, stdout);
      offset += got;
      if (got < block_bytes) break;  // the later ones left a gap: read them again
    }
    std::fflush(stdout);
  }
  std::fprintf(stderr, "waits: %u\n", waits);
}
