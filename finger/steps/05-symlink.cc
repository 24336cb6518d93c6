// What a name leads to. A client chooses the user, and the user has made everything in her home:
// links, and links in place of directories. Three ways to open it. O_NOFOLLOW looks at the last
// part of a path only. openat2(2) can refuse links, magic links, paths that leave the directory
// they start at, and mount points. But that would also refuse a home that the administrator has
// moved and left a link for. So the way to the home may have links, an O_PATH descriptor holds it,
// and the rules apply only to what is beneath it. No rule sees a hard link: 08-drop-privileges.
// Needs Linux 5.6.
// Try it: ./05-symlink

#include <fcntl.h>
#include <liburing.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

constexpr __u64 nothing_but_beneath =
    RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH | RESOLVE_NO_XDEV;

io_uring ring;

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int check(int result, const char* what) {
  if (result < 0) fail(what);
  return result;
}

/// For what returns a negative errno instead of -1, as liburing's functions do.
int check_result(int result, const char* what) {
  if (result < 0) errno = -result;
  return check(result, what);
}

int open_at(int directory, const std::string& path, __u64 flags, __u64 resolve) {
  open_how how{};  // it and the path are the kernel's until the open completes
  how.flags = flags | O_CLOEXEC;
  how.resolve = resolve;
  io_uring_prep_openat2(io_uring_get_sqe(&ring), directory, path.c_str(), &how);
  check_result(io_uring_submit_and_wait(&ring, 1), "io_uring_submit_and_wait");
  io_uring_cqe* cqe = nullptr;
  check_result(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
  const int result = cqe->res;
  io_uring_cqe_seen(&ring, cqe);
  return result;
}

/// What a client would get: the first bytes of the file, or the errno.
std::string outcome(int file) {
  if (file < 0) return strerrorname_np(-file);
  char bytes[16];
  const ssize_t n = read(file, bytes, sizeof bytes);
  close(file);
  return n < 0 ? strerrorname_np(errno) : std::string(bytes, static_cast<std::size_t>(n));
}

std::string beneath_home(const std::string& user) {
  const int home = open_at(AT_FDCWD, user, O_PATH | O_DIRECTORY, 0);
  if (home < 0) return strerrorname_np(-home);
  const int plan = open_at(home, ".plan", O_RDONLY | O_NONBLOCK | O_NOCTTY, nothing_but_beneath);
  close(home);
  return outcome(plan);
}

void show(const char* what, const std::string& user) {
  const std::string path = user + "/.plan";
  constexpr __u64 reading = O_RDONLY | O_NONBLOCK | O_NOCTTY;
  std::printf("%-27s %-8s  %-10s  %-8s  %s\n", what,
              outcome(open_at(AT_FDCWD, path, reading, 0)).c_str(),
              outcome(open_at(AT_FDCWD, path, reading | O_NOFOLLOW, 0)).c_str(),
              outcome(open_at(AT_FDCWD, path, reading, nothing_but_beneath)).c_str(),
              beneath_home(user).c_str());
}

void write(const char* path, const char* words) { std::ofstream(path) << words; }

}  // namespace

int main() {
  namespace fs = std::filesystem;
  char directory[] = "/tmp/05-symlink-XXXXXX";
  if (mkdtemp(directory) == nullptr) fail(directory);
  fs::current_path(directory);
  for (const char* user : {"alice", "linker", "magician", "mover/moved", "hardener"}) {
    fs::create_directories(user);
  }
  write("secret", "a secret");
  write("alice/.plan", "a plan");
  fs::create_symlink("../secret", "linker/.plan");
  fs::create_symlink("/proc/self/fd/0", "magician/.plan");
  write("mover/moved/.plan", "a plan");
  fs::create_symlink("mover/moved", "moved");
  fs::create_hard_link("secret", "hardener/.plan");
  const int in = check(open("secret", O_RDONLY), "secret");
  check(dup2(in, STDIN_FILENO), "dup2");
  close(in);

  check_result(io_uring_queue_init(4, &ring, 0), "io_uring_queue_init");
  std::puts("                            open      O_NOFOLLOW  openat2   home, then openat2");
  show("a plan", "alice");
  show("a link to a secret", "linker");
  show("a magic link to a secret", "magician");
  show("a home that was moved", "moved");
  show("a hard link to a secret", "hardener");
  io_uring_queue_exit(&ring);
  fs::remove_all(directory);
}
