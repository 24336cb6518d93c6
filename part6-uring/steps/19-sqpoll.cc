// A kernel thread polls the submission queue, so that the program need not call io_uring_enter(2):
// here a thread that may not call it (seccomp) still gets work done. The price: the kernel's thread
// spins, which takes a processor, until there was no work for sq_thread_idle ms. Then it sleeps and
// sets IORING_SQ_NEED_WAKEUP, and nothing happens any more without a call to enter. Before Linux
// 5.11 it took root and registered files. io_uring_setup(2)
// Try it: ./19-sqpoll

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

/// io_uring_enter(2) is from now on an error in this thread: EPERM.
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
  Ring(unsigned how, unsigned idle_ms) {
    io_uring_params params{};
    params.flags = how;
    params.sq_thread_idle = idle_ms;
    check_result(io_uring_queue_init_params(4, this, &params), "io_uring_queue_init_params");
  }
  ~Ring() { io_uring_queue_exit(this); }

  int submit_nop() {
    io_uring_prep_nop(io_uring_get_sqe(this));
    return io_uring_submit(this);  // with SQPOLL it enters only if the kernel's thread sleeps
  }
  int wait() {  // for a completion, without a call to enter
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
  return check(-1, "/proc/self/task/*/schedstat");
}

void print(const char* what, int n) {
  std::printf("%-42s %s%s\n", what, n < 0 ? "-" : "",
              n < 0 ? strerrorname_np(-n) : std::to_string(n).c_str());
}

void awake() {
  Ring plain(0, 0), polled(IORING_SETUP_SQPOLL, 60'000);
  polled.submit_nop();  // enters: the kernel's thread begins asleep (6.18)
  int done = polled.wait();
  std::thread([&] {
    forbid_enter();
    print("enter is forbidden: submit without SQPOLL", plain.submit_nop());
    for (; done < 100 && polled.submit_nop() >= 0; ++done) polled.wait();
  }).join();
  print("done with SQPOLL", done);
  const long long before_ns = cpu_ns();
  while (cpu_ns() - before_ns < 10'000'000) usleep(1000);
  std::puts("no work, and another 10 ms of processor time");
}

void asleep() {
  Ring sleepy(IORING_SETUP_SQPOLL, 10);
  sleepy.submit_nop();
  sleepy.wait();
  while (!sleepy.thread_sleeps()) usleep(1000);
  for (long long ns = -1; ns != cpu_ns(); usleep(50'000)) ns = cpu_ns();
  std::puts("no work for 10 ms, and from then on no processor time");
  std::thread([&] {
    forbid_enter();
    print("enter is forbidden: submit with SQPOLL", sleepy.submit_nop());
  }).join();
  usleep(50'000);
  print("done 50 ms later", static_cast<int>(io_uring_cq_ready(&sleepy)));
  check_result(io_uring_submit(&sleepy), "io_uring_submit");
  print("done when we have entered", sleepy.wait());
}

}  // namespace

int main() {
  awake();
  asleep();
}
