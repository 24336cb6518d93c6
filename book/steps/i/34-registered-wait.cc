// A wait with a timeout hands over two structures, and the kernel copies both at each call. Since
// Linux 6.13 they can be in memory that was registered once (IORING_REGISTER_MEM_REGION): the call
// names the place (IORING_ENTER_EXT_ARG_REG), and nothing is copied. The proof: make the page
// unreadable for the program, and wait again. Only a ring that has not begun takes such a region.
// Try it: ./34-registered-wait

#include <liburing.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

namespace {

// Since 6.13, with names that liburing 2.3 does not have.
constexpr unsigned register_mem_region = 34;
constexpr unsigned enter_ext_arg_reg = 1U << 6;
constexpr __u32 user_memory = 1;     // IORING_MEM_REGION_TYPE_USER
constexpr __u64 wait_arguments = 1;  // IORING_MEM_REGION_REG_WAIT_ARG
constexpr __u32 with_timeout = 1;    // IORING_REG_WAIT_TS
const auto page_bytes = static_cast<std::size_t>(getpagesize());

struct Region {
  __u64 address;
  __u64 size;
  __u32 flags;
  __u32 id;
  __u64 mmap_offset;
  __u64 reserved[4];
};

struct Registration {
  const Region* region;
  __u64 flags;
  __u64 reserved[2];
};

struct Wait {
  __kernel_timespec timeout;
  __u32 min_wait_us;  // 0: do not wait for more than one completion
  __u32 flags;
  __u64 signal_mask;
  __u32 signal_mask_bytes;
  __u32 padding[3];
  __u64 reserved[2];
};
static_assert(sizeof(Wait) == 64);  // 64 of them in a page of 4 KiB

/// What a wait needs that is not registered: one structure with a pointer to the other.
struct Copied {
  io_uring_getevents_arg argument;
  __kernel_timespec timeout;
};

io_uring ring;

std::string text(long result) { return result < 0 ? strerrorname_np(errno) : "0"; }

void* new_page() {
  return mmap(nullptr, page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

void open_ring(unsigned flags) {
  if (io_uring_queue_init(4, &ring, flags) < 0) {
    std::puts("no ring");
    std::exit(1);
  }
}

long call_register(unsigned what, const void* argument, unsigned count) {
  return syscall(__NR_io_uring_register, ring.ring_fd, what, argument, count);
}

long register_region(void* page) {
  Region region{};
  region.address = reinterpret_cast<__u64>(page);
  region.size = page_bytes;
  region.flags = user_memory;
  const Registration registration{&region, wait_arguments, {}};
  return call_register(register_mem_region, &registration, 1);
}

long wait(unsigned flags, const void* argument, std::size_t size) {
  return syscall(__NR_io_uring_enter, ring.ring_fd, 0, 1, IORING_ENTER_GETEVENTS | flags, argument,
                 size);
}

// [both]
std::string wait_copied(const Copied& copied) {
  return text(wait(IORING_ENTER_EXT_ARG, &copied.argument, sizeof copied.argument));
}

/// The argument is not a pointer but a distance from the beginning of the region.
std::string wait_registered(std::size_t index) {
  const auto* offset = reinterpret_cast<const void*>(index * sizeof(Wait));
  return text(wait(IORING_ENTER_EXT_ARG | enter_ext_arg_reg, offset, sizeof(Wait)));
}
// [/both]

}  // namespace

int main() {
  auto* const copied = new (new_page()) Copied{};
  copied->timeout.tv_nsec = 1'000'000;
  copied->argument.ts = reinterpret_cast<__u64>(&copied->timeout);
  auto* const waits = static_cast<Wait*>(new_page());
  waits[0].timeout.tv_nsec = 1'000'000;
  waits[0].flags = with_timeout;
  waits[1] = waits[0];

  open_ring(0);
  std::printf("a region for a ring that runs: %s\n", text(register_region(waits)).c_str());
  io_uring_queue_exit(&ring);

  open_ring(IORING_SETUP_R_DISABLED);
  if (register_region(waits) < 0) {
    std::printf("no registered waits: %s (Linux 6.13 has them)\n", strerrorname_np(errno));
    return 80;
  }
  call_register(IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  std::printf("copied, %zu bytes a call: %s\n", sizeof *copied, wait_copied(*copied).c_str());
  std::printf("registered, 0 bytes: %s\n", wait_registered(0).c_str());
  waits[1].timeout.tv_nsec = 2'000'000;  // no call is needed for a new timeout
  std::printf("another, written since: %s\n", wait_registered(1).c_str());
  std::printf("past the end: %s\n", wait_registered(page_bytes / sizeof(Wait)).c_str());

  std::puts("both pages unreadable for us");
  mprotect(copied, page_bytes, PROT_NONE);
  mprotect(waits, page_bytes, PROT_NONE);
  std::printf("copied: %s\n", wait_copied(*copied).c_str());
  std::printf("registered: %s\n", wait_registered(0).c_str());
  io_uring_queue_exit(&ring);
}
