// A fence of Landlock's is a part of a thread's credentials. A ring remembers credentials as they
// were when they were registered. BROKEN: those that were registered before the fence went up never
// bear it, and who names them in a request opens what the process itself may not. Those registered
// afterwards do bear it. So the fence comes first. It takes no root to see that.
// Landlock: Linux 5.13, landlock(7). personality: io_uring_enter(2), Linux 5.6.
// Try it: ./06-late-fence

#include <fcntl.h>
#include <liburing.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

namespace fs = std::filesystem;

io_uring ring;

long check(long result, const char* what) {
  if (result >= 0) return result;
  std::perror(what);
  std::exit(1);
}

/// Checks a call that returns a negative errno instead of -1, as liburing's functions do.
int check_result(int result, const char* what) {
  if (result < 0) errno = -result;
  return static_cast<int>(check(result, what));
}

/// Permits nothing but reading, and only below `homes`.
void put_up_fence(const char* homes) {
  landlock_ruleset_attr forbidden{};
  forbidden.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;  // all of version 1
  const long rules = syscall(SYS_landlock_create_ruleset, &forbidden, sizeof forbidden, 0);
  check(rules, "landlock_create_ruleset");

  landlock_path_beneath_attr allowed{};
  allowed.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
  allowed.parent_fd = static_cast<int>(check(open(homes, O_PATH), homes));
  check(syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &allowed, 0), "add_rule");

  check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl");
  check(syscall(SYS_landlock_restrict_self, rules, 0), "landlock_restrict_self");
}

/// The first bytes of a file, opened with registered credentials; 0: with the process's own.
std::string open_as(int personality, const char* path) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_openat(sqe, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  sqe->personality = static_cast<__u16>(personality);
  check_result(io_uring_submit_and_wait(&ring, 1), "io_uring_submit_and_wait");
  io_uring_cqe* cqe = nullptr;
  check_result(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
  const int file = cqe->res;
  io_uring_cqe_seen(&ring, cqe);
  if (file < 0) return strerrorname_np(-file);
  char bytes[32];
  const ssize_t n = read(file, bytes, sizeof bytes);
  close(file);
  return {bytes, n < 0 ? 0 : static_cast<std::size_t>(n)};
}

void show(const char* who, int personality) {
  std::printf("%-23s %-18s %s\n", who, open_as(personality, "homes/alice/.plan").c_str(),
              open_as(personality, "elsewhere").c_str());
}

int register_credentials() {
  return check_result(io_uring_register_personality(&ring), "io_uring_register_personality");
}

void fence_in_between() {
  check_result(io_uring_queue_init(4, &ring, 0), "io_uring_queue_init");
  const int early = register_credentials();
  put_up_fence("homes");
  const int late = register_credentials();

  show("the process itself", 0);
  show("registered afterwards", late);
  show("registered before", early);
  io_uring_queue_exit(&ring);
}

}  // namespace

int main() {
  char directory[] = "/tmp/06-late-fence-XXXXXX";
  check(mkdtemp(directory) == nullptr ? -1 : 0, directory);
  fs::current_path(directory);
  fs::create_directories("homes/alice");
  std::ofstream("homes/alice/.plan") << "a plan";
  std::ofstream("elsewhere") << "a secret";
  std::puts("                        homes/alice/.plan  elsewhere");
  std::fflush(stdout);

  const auto child = static_cast<pid_t>(check(fork(), "fork"));  // the parent has to clean up
  if (child == 0) {
    fence_in_between();
    return 0;
  }
  int status = 0;
  check(waitpid(child, &status, 0), "waitpid");
  fs::remove_all(directory);
  return WEXITSTATUS(status);
}
