// A blocked signal stays pending, and a signalfd(2) hands it out as 128 bytes. The ring reads them
// beside the other operations: the signal arrives as a completion, between two others, and any code
// may handle it. Here lines from stdin are answered. The first SIGTERM or SIGINT begins a drain, in
// which a client may finish; the second ends the program. The same signal twice before the read is
// one signal. BROKEN, "unblocked": the signal does what it always does, and the descriptor reports
// nothing. Threads and child processes inherit the mask. Needs Linux 5.6.
// Try it: ./21-signalfd   and, in another terminal, kill it; then   ./21-signalfd unblocked

#include <liburing.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

enum UserData : __u64 { input, signals };

io_uring ring;
char line[4096];        // the kernel writes here until the read completes,
signalfd_siginfo info;  // and here

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

void read_into(int fd, void* to, unsigned bytes, UserData user_data) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);  // one is free: two are in flight at most
  io_uring_prep_read(sqe, fd, to, bytes, 0);
  io_uring_sqe_set_data64(sqe, user_data);
}

struct Completion {
  UserData user_data;
  int result;
};

Completion wait_for_one() {
  io_uring_cqe* cqe = nullptr;
  while (io_uring_peek_cqe(&ring, &cqe) != 0) {
    // Blocked signals interrupt nothing; SIGSTOP and SIGCONT may. io_uring_enter(2)
    const int result = io_uring_submit_and_wait(&ring, 1);
    if (result != -EINTR) check_result(result, "io_uring_submit_and_wait");
  }
  const Completion completion{static_cast<UserData>(io_uring_cqe_get_data64(cqe)), cqe->res};
  io_uring_cqe_seen(&ring, cqe);
  return completion;
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  // [signals]
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGINT);
  sigaddset(&stop, SIGTERM);
  if (argc < 2 || std::strcmp(argv[1], "unblocked") != 0) {
    check(sigprocmask(SIG_BLOCK, &stop, nullptr), "sigprocmask");  // before any thread starts
  }
  const int signal_fd = check(signalfd(-1, &stop, SFD_CLOEXEC), "signalfd");
  check_result(io_uring_queue_init(4, &ring, 0), "io_uring_queue_init");
  read_into(STDIN_FILENO, line, sizeof line, input);
  read_into(signal_fd, &info, sizeof info, signals);
  // [/signals]
  std::printf("process %d\n", getpid());

  bool draining = false;
  while (true) {
    const auto [user_data, result] = wait_for_one();
    check_result(result, user_data == signals ? "signalfd" : "stdin");
    if (user_data == signals) {
      const char* const signal = sigabbrev_np(static_cast<int>(info.ssi_signo));
      if (draining) {
        std::printf("SIG%s again: good night\n", signal);
        return 0;
      }
      std::printf("SIG%s: no new clients, finish what you have begun\n", signal);
      draining = true;
      read_into(signal_fd, &info, sizeof info, signals);
    } else {
      if (result == 0) {
        std::printf("%s\n", draining ? "drained" : "end of input");
        return 0;
      }
      std::printf("you said %.*s", result, line);
      read_into(STDIN_FILENO, line, sizeof line, input);
    }
  }
}
