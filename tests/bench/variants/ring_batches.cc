// Reads 64 bytes from /dev/zero again and again: with a read(2) each, or through a ring, so many
// reads to one io_uring_enter(2). The device does next to nothing, so what is left is the price of
// asking.
// Try it: ./variants ring_batches operations=100000 batch=0 (read)   and   batch=32

#include <fcntl.h>
#include <liburing.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/fd.h"
#include "variants/variant.h"

namespace {

using variants::check;
using Buffer = std::array<std::byte, 64>;

/// Both return how many system calls it took.
std::uint64_t read_one_by_one(int file, std::uint32_t operations) {
  Buffer buffer;
  for (std::uint32_t i = 0; i < operations; ++i) {
    check(::read(file, buffer.data(), buffer.size()), "read");
  }
  return operations;
}

std::uint64_t read_in_batches(io_uring& ring, int file, std::uint32_t operations,
                              std::uint32_t batch) {
  std::vector<Buffer> buffers(batch);
  std::uint64_t calls = 0;
  for (std::uint32_t done = 0; done < operations; ++calls) {
    const std::uint32_t wanted = std::min(batch, operations - done);
    for (std::uint32_t i = 0; i < wanted; ++i) {
      io_uring_sqe* sqe = io_uring_get_sqe(&ring);
      io_uring_prep_read(sqe, file, buffers[i].data(), sizeof(Buffer), 0);
    }
    errno = -io_uring_submit_and_wait(&ring, wanted);
    check(-errno, "io_uring_enter");
    unsigned head = 0, count = 0;
    io_uring_cqe* cqe = nullptr;
    io_uring_for_each_cqe(&ring, head, cqe) {
      errno = -cqe->res;
      check(cqe->res, "read");
      ++count;
    }
    io_uring_cq_advance(&ring, count);
    done += count;
  }
  return calls;
}

variants::Numbers ring_batches(const variants::Words& words) {
  const auto batch = words.number("batch"), operations = words.number("operations");
  const common::Fd file(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  check(file.get(), "/dev/zero");
  io_uring ring;
  if (batch > 0) {
    errno = -io_uring_queue_init(batch, &ring, 0);
    check(-errno, "io_uring_setup");
  }
  const auto before = variants::thread_cpu_time();
  const auto calls = batch == 0 ? read_one_by_one(file.get(), operations)
                                : read_in_batches(ring, file.get(), operations, batch);
  const auto cpu_time = variants::thread_cpu_time() - before;
  if (batch > 0) io_uring_queue_exit(&ring);
  return {{"calls", calls}, {"cpu_seconds", variants::seconds(cpu_time)}};
}

const variants::Variant known("ring_batches", ring_batches);

}  // namespace
