// A kernel thread polls the submission queue, so that the program need not call io_uring_enter(2):
// here a thread that may not call it (seccomp) still gets work done. The price: the kernel's thread
// spins, which takes a processor, until there was no work for sq_thread_idle ms. Then it sleeps and
// sets IORING_SQ_NEED_WAKEUP, and nothing happens any more without a call to enter. Before Linux
// 5.11 it took root and registered files. io_uring_setup(2)
// Try it: ./13-sqpoll

#include <liburing.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

namespace {

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int check(int result, const char* what) {
  if (result < 0) fail(what);
  return result;
}

/// Checks a call that returns a negative errno instead of -1, as liburing's functions do.
int check_result(int result, const char* what) {
  if (result < 0) errno = -result;
  return check(result, what);
}

/// Makes io_uring_enter(2) fail in this thread from now on, with EPERM.
void forbid_enter() {
  sock_filter rules[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_enter, 0, 1),
                         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
                         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  sock_fprog program{std::size(rules), rules};
  check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl");
  check(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), "prctl");
}

struct Ring : io_uring {
  Ring(unsigned setup_flags, unsigned idle_ms) {
    io_uring_params params{};
    params.flags = setup_flags;
    params.sq_thread_idle = idle_ms;
    check_result(io_uring_queue_init_params(4, this, &params), "io_uring_queue_init_params");
  }
  ~Ring() { io_uring_queue_exit(this); }

  int submit_nop() {
    io_uring_prep_nop(io_uring_get_sqe(this));
    return io_uring_submit(this);  // with SQPOLL it enters only if the kernel's thread sleeps
  }
  int wait_without_enter() {
    while (io_uring_cq_ready(this) == 0) std::this_thread::yield();
    io_uring_cq_advance(this, 1);
    return 1;
  }
  bool thread_sleeps() const { return std::atomic_ref(*sq.kflags).load() & IORING_SQ_NEED_WAKEUP; }
};

/// The processor time of the kernel's thread, which counts as one of ours (top -H shows it).
long long cpu_ns() {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::ifstream(task.path() / "comm") >> name;
    if (!name.starts_with("iou-sqp")) continue;
    long long ns = 0;
    if (std::ifstream(task.path() / "schedstat") >> ns) return ns;
  }
  fail("/proc/self/task/*/schedstat");
}

void print(const char* what, int n) {
  if (n < 0) {
    std::printf("%-42s -%s\n", what, strerrorname_np(-n));
  } else {
    std::printf("%-42s %d\n", what, n);
  }
}

void awake() {
  Ring plain(0, 0);
  Ring polled(IORING_SETUP_SQPOLL, 60'000);
  polled.submit_nop();  // enters: the kernel's thread starts asleep (6.18)
  int done = polled.wait_without_enter();
  std::thread([&] {
    forbid_enter();
    print("enter is forbidden: submit without SQPOLL", plain.submit_nop());
    while (done < 100 && polled.submit_nop() >= 0) {
      polled.wait_without_enter();
      ++done;
    }
  }).join();
  print("done with SQPOLL", done);
  const long long before_ns = cpu_ns();
  while (cpu_ns() - before_ns < 10'000'000) usleep(1000);
  std::puts("no work, and another 10 ms of processor time");
}

void asleep() {
  Ring sleepy(IORING_SETUP_SQPOLL, 10);
  sleepy.submit_nop();
  sleepy.wait_without_enter();
  while (!sleepy.thread_sleeps()) usleep(1000);
  long long ns = -1;
  while (ns != cpu_ns()) {
    ns = cpu_ns();
    usleep(50'000);
  }
  std::puts("no work for 10 ms, and from then on no processor time");
  std::thread([&] {
    forbid_enter();
    print("enter is forbidden: submit with SQPOLL", sleepy.submit_nop());
  }).join();
  usleep(50'000);
  print("done 50 ms later", static_cast<int>(io_uring_cq_ready(&sleepy)));
  check_result(io_uring_submit(&sleepy), "io_uring_submit");
  print("done when we have entered", sleepy.wait_without_enter());
}

}  // namespace

int main() {
  awake();
  asleep();
}
