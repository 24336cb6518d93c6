// Reads 64 bytes from /dev/zero again and again: with a read(2) each, or through a ring, so many
// reads to one io_uring_enter(2). The device does next to nothing, so what is left is the price of
// asking. Prints one line of JSON.
// Try it: ./ring_batches --batch 0 (read)   and   ./ring_batches --batch 32

#include <fcntl.h>
#include <fmt/format.h>
#include <liburing.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "common/server/options.h"
#include "variants/loopback.h"

namespace {

using loopback::check;
using Buffer = std::array<std::byte, 64>;

struct Settings {
  std::uint32_t batch = 0;
  std::uint32_t operations = 100'000;
};

common::Program program(Settings& settings) {
  return {.name = "ring_batches",
          .summary = "Measures what a read costs, one by one and in batches.",
          .options = {common::number_option("--batch", "N", "reads to a call; 0: read(2), no ring",
                                            settings.batch, 0, 4096),
                      common::number_option("--operations", "N", "how many reads",
                                            settings.operations, 1, 1'000'000'000)}};
}

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

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  if (const auto status = common::parse_options(argc, argv, program(settings))) return *status;
  const common::Fd file(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  check(file.get(), "/dev/zero");
  io_uring ring;
  if (settings.batch > 0) {
    errno = -io_uring_queue_init(settings.batch, &ring, 0);
    check(-errno, "io_uring_setup");
  }
  const auto before = loopback::thread_cpu_time();
  const auto calls = settings.batch == 0
                         ? read_one_by_one(file.get(), settings.operations)
                         : read_in_batches(ring, file.get(), settings.operations, settings.batch);
  const auto cpu_time = loopback::thread_cpu_time() - before;
  if (settings.batch > 0) io_uring_queue_exit(&ring);
  fmt::print("{{\"operations\": {}, \"calls\": {}, \"cpu_seconds\": {:.9f}}}\n",
             settings.operations, calls, std::chrono::duration<double>(cpu_time).count());
}
