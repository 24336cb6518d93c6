// cat(1) with liburing. Up to four reads of a file are submitted together, and one
// io_uring_enter(2) submits them and waits for all; they complete in any order, and user_data says
// which is which. As with read(2), a short read is not the end: only 0 bytes are. The library does
// not keep the blocks alive, tell the reads apart, or go on after a short one. Needs Linux 5.6.
// Try it: ./03-liburing-cat /etc/services   and   strace -c ./03-liburing-cat /etc/services

#include <fcntl.h>
#include <liburing.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

constexpr unsigned batch_reads_max = 4;
constexpr unsigned block_bytes = 4096;

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

/// For what returns a negative errno instead of -1, as liburing's functions do.
int check_result(int result, const char* what) {
  if (result < 0) errno = -result;
  return check(result, what);
}

void submit_and_wait(io_uring& ring, unsigned completions) {
  while (io_uring_cq_ready(&ring) < completions) {  // a signal ends a wait early
    const int result = io_uring_submit_and_wait(&ring, completions);
    if (result != -EINTR) check_result(result, "io_uring_submit_and_wait");
  }
}

char blocks[batch_reads_max][block_bytes];  // the kernel writes here until the read completes

int main(int argc, char** argv) {
  const int file = argc > 1 ? check(open(argv[1], O_RDONLY | O_CLOEXEC), argv[1]) : STDIN_FILENO;
  const off_t start = lseek(file, 0, SEEK_CUR);
  const unsigned batch_reads = start < 0 ? 1 : batch_reads_max;  // a pipe knows no offsets
  std::uint64_t offset = start < 0 ? 0 : static_cast<std::uint64_t>(start);
  unsigned waits = 0;
  io_uring ring;
  check_result(io_uring_queue_init(batch_reads_max, &ring, 0), "io_uring_queue_init");
  for (bool ended = false; !ended; ++waits) {
    // [batch]
    for (unsigned i = 0; i < batch_reads; ++i) {
      io_uring_sqe* sqe = io_uring_get_sqe(&ring);  // one is free: the ring holds a batch
      io_uring_prep_read(sqe, file, blocks[i], block_bytes,
                         start < 0 ? 0 : offset + i * block_bytes);
      io_uring_sqe_set_data64(sqe, i);
    }
    submit_and_wait(ring, batch_reads);
    int results[batch_reads_max];
    for (unsigned i = 0; i < batch_reads; ++i) {
      io_uring_cqe* cqe;
      check_result(io_uring_peek_cqe(&ring, &cqe), "io_uring_peek_cqe");
      results[io_uring_cqe_get_data64(cqe)] = cqe->res;
      io_uring_cqe_seen(&ring, cqe);  // moves the head: the kernel may overwrite *cqe
    }
    // [/batch]
    for (unsigned i = 0; i < batch_reads && !ended; ++i) {
      const auto got = static_cast<unsigned>(check_result(results[i], "read"));
      ended = got == 0;
      std::fwrite(blocks[i], 1, got, stdout);
      offset += got;
      if (got < block_bytes) break;  // the later ones left a gap: read them again
    }
    std::fflush(stdout);
  }
  io_uring_queue_exit(&ring);
  std::fprintf(stderr, "waits: %u\n", waits);
}
