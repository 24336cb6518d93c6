// Copies a file with up to eight reads in flight: ./e10_1 FROM TO

#include <fcntl.h>
#include <liburing.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

constexpr unsigned slots = 8;
constexpr unsigned block_bytes = 32 * 1024;

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

/// Checks a call that returns a negative errno instead of -1, as liburing's functions do.
int check_result(int result, const char* what) {
  if (result < 0) errno = -result;
  return check(result, what);
}

/// A block of the copy, which is read, then written. Both may be short.
struct Block {
  std::uint64_t offset = 0;
  unsigned size = 0;  ///< Bytes to read or write.
  unsigned done = 0;  ///< Bytes read or written.
  bool writing = false;
  char bytes[block_bytes];
};

io_uring ring;
int from = -1;
int to = -1;
Block blocks[slots];

void request(unsigned i) {
  Block& block = blocks[i];
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);  // one is free: a block has one request in flight
  char* const rest = block.bytes + block.done;
  const unsigned rest_bytes = block.size - block.done;
  const std::uint64_t offset = block.offset + block.done;
  if (block.writing) {
    io_uring_prep_write(sqe, to, rest, rest_bytes, offset);
  } else {
    io_uring_prep_read(sqe, from, rest, rest_bytes, offset);
  }
  io_uring_sqe_set_data64(sqe, i);  // the block's number
}

/// Handles a completion. Returns whether the block has a request in flight again.
bool go_on(unsigned i, int result) {
  Block& block = blocks[i];
  block.done += static_cast<unsigned>(check_result(result, block.writing ? "write" : "read"));
  if (result == 0 && block.writing) check_result(-ENOSPC, "write");
  if (result > 0 && block.done < block.size) {  // it was short
    request(i);
    return true;
  }
  if (block.writing) return false;

  block.size = block.done;
  block.done = 0;
  block.writing = true;
  const auto is_zero = [](char byte) { return byte == 0; };
  if (std::all_of(block.bytes, block.bytes + block.size, is_zero)) return false;  // a hole
  request(i);
  return true;
}

/// Gives the block its next piece of the file. False if there is none.
bool begin(unsigned i, std::uint64_t& next, std::uint64_t size) {
  if (next == size) return false;
  Block& block = blocks[i];
  block.offset = next;
  block.size = static_cast<unsigned>(std::min<std::uint64_t>(block_bytes, size - next));
  block.done = 0;
  block.writing = false;
  next += block.size;
  request(i);
  return true;
}

void copy(std::uint64_t size) {
  std::uint64_t next = 0;
  unsigned busy = 0;
  for (unsigned i = 0; i < slots; ++i) busy += begin(i, next, size);
  while (busy > 0) {
    const int submitted = io_uring_submit_and_wait(&ring, 1);
    if (submitted != -EINTR) check_result(submitted, "io_uring_submit_and_wait");
    io_uring_cqe* cqe = nullptr;
    while (io_uring_peek_cqe(&ring, &cqe) == 0) {
      const auto i = static_cast<unsigned>(io_uring_cqe_get_data64(cqe));
      const int result = cqe->res;
      io_uring_cqe_seen(&ring, cqe);
      if (!go_on(i, result) && !begin(i, next, size)) --busy;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: e10_1 FROM TO\n", stderr);
    return 2;
  }
  from = check(open(argv[1], O_RDONLY | O_CLOEXEC), argv[1]);
  to = check(open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), argv[2]);
  struct stat status {};
  check(fstat(from, &status), argv[1]);
  check_result(io_uring_queue_init(slots, &ring, 0), "io_uring_queue_init");
  copy(static_cast<std::uint64_t>(status.st_size));
  io_uring_queue_exit(&ring);
  // Parts that were never written are holes. A hole at the very end needs ftruncate(2).
  check(ftruncate(to, status.st_size), argv[2]);
}
