// Reads 64 bytes from /dev/zero again and again, with a read(2) each, or through a ring, in batches
// for one io_uring_enter(2). The device does next to nothing, so this measures the price of calls.
// Try it: ./ring_batches 0 100000 (read)   and   ./ring_batches 32 100000

#include <fcntl.h>
#include <fmt/format.h>
#include <liburing.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "common/fd.h"
#include "common/server/log.h"

namespace {

using Buffer = std::array<std::byte, 64>;

/// Ends the process with a line if this call has failed.
void check(std::int64_t result, const char* named) {
  if (result >= 0) return;
  common::log(fmt::format("{}: {}", named, std::strerror(errno)));
  std::exit(1);
}

/// Returns the number of system calls, like read_in_batches().
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

/// The calling thread's processor time.
double cpu_seconds() {
  timespec time{};
  check(::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time), "clock_gettime");
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    common::log("usage: ring_batches BATCH OPERATIONS (a BATCH of 0: read(2), no ring)");
    return 2;
  }
  const auto batch = static_cast<std::uint32_t>(std::strtoul(argv[1], nullptr, 10));
  const auto operations = static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10));
  const common::Fd file(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  check(file.get(), "/dev/zero");
  io_uring ring;
  if (batch > 0) {
    errno = -io_uring_queue_init(batch, &ring, 0);
    check(-errno, "io_uring_setup");
  }
  const auto before = cpu_seconds();
  const auto calls = batch == 0 ? read_one_by_one(file.get(), operations)
                                : read_in_batches(ring, file.get(), operations, batch);
  const auto took = cpu_seconds() - before;
  if (batch > 0) io_uring_queue_exit(&ring);
  fmt::print("{{\"calls\": {}, \"cpu_seconds\": {}}}\n", calls, took);
}
