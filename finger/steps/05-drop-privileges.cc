// Root's last act. A ring remembers the credentials that were registered with it, and runs an
// operation with those that it names: so root becomes a plan's owner for a moment and registers
// those credentials, becomes nobody for good, and still opens each plan as its owner. Homes of mode
// 0700 work. A hard link to another user's secret does not: the owner of the home may not read it,
// but root could have, or nobody with a group that may. The price: a user that was not registered
// before root went cannot be added. personality: io_uring_enter(2). Needs Linux 5.6.
// Try it: sudo ./05-drop-privileges

#include <fcntl.h>
#include <grp.h>
#include <liburing.h>
#include <sys/stat.h>
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

constexpr uid_t alice_id = 4001;  // no account is needed for these numbers
constexpr uid_t bob_id = 4002;
constexpr uid_t nobody_id = 65534;

io_uring ring;

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

/// The first bytes of a file, opened with registered credentials; 0: with the process's own.
std::string open_as(int personality, const char* path) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_openat(sqe, AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0);
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

/// Effective ids open files. A Unix socket tells its other end the real ids, so they must not be
/// root's. Saved ids lead back. The groups come first, while we are root.
int credentials_of(uid_t id) {
  check(setgroups(0, nullptr), "setgroups");
  check(setresgid(nobody_id, id, 0), "setresgid");
  check(setresuid(nobody_id, id, 0), "setresuid");
  const int personality = io_uring_register_personality(&ring);
  check(seteuid(0), "seteuid");
  check(setegid(0), "setegid");
  return check_result(personality, "io_uring_register_personality");
}

void become(uid_t id) {
  check(setgroups(0, nullptr), "setgroups");
  check(setresgid(id, id, id), "setresgid");
  check(setresuid(id, id, id), "setresuid");
}

void show(const char* who, const char* path, const std::string& outcome) {
  std::printf("%-9s opens %-16s %s\n", who, path, outcome.c_str());
}

void serve() {
  check_result(io_uring_queue_init(4, &ring, 0), "io_uring_queue_init");
  const int alice = credentials_of(alice_id);
  const int bob = credentials_of(bob_id);
  become(nobody_id);
  std::printf("root again: %s\n", setuid(0) < 0 ? strerrorname_np(errno) : "yes");
  show("nobody", "alice/.plan", open_as(0, "alice/.plan"));
  show("as alice,", "alice/.plan", open_as(alice, "alice/.plan"));
  show("as alice,", "alice/shadow", open_as(alice, "alice/shadow"));
  show("as alice,", "bob/.plan", open_as(alice, "bob/.plan"));
  show("as bob,", "bob/.plan", open_as(bob, "bob/.plan"));
  check_result(io_uring_unregister_personality(&ring, bob), "io_uring_unregister_personality");
  show("as who?", "bob/.plan", open_as(bob, "bob/.plan"));
  io_uring_queue_exit(&ring);
}

void make_home(const char* user, uid_t id) {
  const std::string plan = std::string(user) + "/.plan";
  fs::create_directory(user);
  std::ofstream(plan) << "a plan of " << user << "'s";
  for (const char* path : {plan.c_str(), user}) check(chown(path, id, id), "chown");
  check(chmod(plan.c_str(), 0600), "chmod");
  check(chmod(user, 0700), "chmod");
}

}  // namespace

int main() {
  if (geteuid() != 0) {
    std::puts("not started as root: there is nothing to give away");
    return 1;
  }
  char directory[] = "/tmp/05-drop-privileges-XXXXXX";
  if (mkdtemp(directory) == nullptr) fail(directory);
  fs::current_path(directory);
  check(chmod(".", 0711), "chmod");
  make_home("alice", alice_id);
  make_home("bob", bob_id);
  std::ofstream("secret") << "root's secret";
  check(chmod("secret", 0600), "chmod");
  fs::create_hard_link("secret", "alice/shadow");
  show("root", "alice/shadow", std::ifstream("alice/shadow") ? "root's secret" : "no");
  std::fflush(stdout);

  const pid_t child = check(fork(), "fork");  // root for the parent, which has to clean up
  if (child == 0) {
    serve();
    return 0;
  }
  int status = 0;
  check(waitpid(child, &status, 0), "waitpid");
  fs::remove_all(directory);
  return WEXITSTATUS(status);
}
