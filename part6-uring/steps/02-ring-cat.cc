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
  Ring() : fd_(static_cast<int>(syscall(SYS_io_uring_setup, batch_reads_max, &params_))) {
    check(fd_, "io_uring_setup");
    const auto sq_bytes = sq_.array + params_.sq_entries * sizeof(unsigned);
    const auto cq_bytes = cq_.cqes + params_.cq_entries * sizeof(io_uring_cqe);
    rings_ = map<std::byte>(std::max(sq_bytes, cq_bytes), IORING_OFF_SQ_RING);
    sqes_ = map<io_uring_sqe>(params_.sq_entries * sizeof(io_uring_sqe), IORING_OFF_SQES);
  }

  /// At most batch_reads_max between two waits, each of which empties the submission queue.
  void prepare_read(int file, char* block, std::uint64_t offset, std::uint64_t user_data) {
    const unsigned tail = at(sq_.tail);
    const unsigned slot = tail & (params_.sq_entries - 1);
    io_uring_sqe& sqe = sqes_[slot];
    sqe = {};
    sqe.opcode = IORING_OP_READ;
    sqe.fd = file;
    sqe.addr = reinterpret_cast<std::uintptr_t>(block);
    sqe.len = block_bytes;
    sqe.off = offset;
    sqe.user_data = user_data;
    (&at(sq_.array))[slot] = slot;
    store(at(sq_.tail), tail + 1);  // a kernel that sees the tail sees the sqe
  }

  void submit_and_wait(unsigned completions) {
    while (load(at(cq_.tail)) - at(cq_.head) < completions) {  // a signal ends a wait early
      const unsigned prepared = at(sq_.tail) - load(at(sq_.head));
      const long result = syscall(SYS_io_uring_enter, fd_, prepared, completions,
                                  IORING_ENTER_GETEVENTS, nullptr, 0);
      if (result < 0 && errno != EINTR) fail("io_uring_enter");
    }
  }

  io_uring_cqe reap() {
    const unsigned head = at(cq_.head);
    const auto* cqes = reinterpret_cast<io_uring_cqe*>(rings_ + cq_.cqes);
    const io_uring_cqe cqe = cqes[head & (params_.cq_entries - 1)];
    store(at(cq_.head), head + 1);  // from here on the kernel may overwrite the slot
    return cqe;
  }

 private:
  template <typename T>
  T* map(std::size_t bytes, off_t what) const {
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, what);
    if (memory == MAP_FAILED) fail("mmap");
    return static_cast<T*>(memory);
  }
  unsigned& at(unsigned offset) const { return *reinterpret_cast<unsigned*>(rings_ + offset); }

  io_uring_params params_{};
  io_sqring_offsets& sq_ = params_.sq_off;
  io_cqring_offsets& cq_ = params_.cq_off;
  int fd_;
  std::byte* rings_;
  io_uring_sqe* sqes_;
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
