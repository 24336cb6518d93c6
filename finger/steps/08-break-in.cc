// A query that is longer than the parser's array overwrites what the program calls next, and the
// call goes where the query says: to the attacker's code. What can it do there? BROKEN: no wall,
// and it does all that the process may do. With Landlock it opens no file outside the homes, and
// none for writing. With a list of the system calls that the daemon needs, it makes no process and
// no socket either. Both leave it what the daemon itself has to do: read what is in the homes.
// Its ring is fenced with it. Chapter 14 adds attempts, and registers the ring's credentials too
// early: those never bear a fence that goes up later, and a request that names them passes it.
// Landlock: Linux 5.13, landlock(7). The list: seccomp(2), by way of libseccomp.
// personality: io_uring_enter(2), Linux 5.6.
// Try it: ./08-break-in

#include <arpa/inet.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
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
#include <string_view>
#include <utility>
#include <vector>

namespace {

io_uring ring;
int owner = 0;  // whose credentials the ring's requests bear; 0: the process's own

long check(long result, const char* what) {
  if (result >= 0) return result;
  std::perror(what);
  std::exit(1);
}

struct Query {
  char user[32];
  void (*answer)();  // called when the query is read
};

void send_plan() {}

void serve(std::string_view line) {
  Query query{.user = {}, .answer = send_plan};
  std::memcpy(query.user, line.data(), line.size());  // however long it is
  query.answer();
}

/// Uses a call that the list permits, and no memory, which might need a different call.
void print(std::string_view text) { (void)!write(STDOUT_FILENO, text.data(), text.size()); }

void report(std::string_view attempt, long result) {
  const std::string_view outcome = result < 0 ? strerrorname_np(errno) : "done";
  print(attempt);
  print(":");
  print(outcome);
  print("\n");
}

int open_by_ring(const char* path) {
  io_uring_sqe* const sqe = io_uring_get_sqe(&ring);
  io_uring_prep_openat(sqe, AT_FDCWD, path, O_RDONLY, 0);
  sqe->personality = static_cast<__u16>(owner);
  io_uring_cqe* cqe = nullptr;
  int result = io_uring_submit_and_wait(&ring, 1);
  if (result >= 0) result = io_uring_peek_cqe(&ring, &cqe);
  if (result >= 0) result = cqe->res;
  if (result < 0) errno = -result;
  return result;
}

void intrude() {
  report("read a plan", open("homes/alice/.plan", O_RDONLY));
  report("read a key beside it", open("homes/alice/.ssh/key", O_RDONLY));
  report("read a file elsewhere", open("elsewhere", O_RDONLY));
  report("the same, by a ring", open_by_ring("elsewhere"));
  report("overwrite a plan", open("homes/alice/.plan", O_WRONLY));
  report("make a socket", socket(AF_INET, SOCK_STREAM, 0));
  const pid_t child = fork();
  if (child == 0) _exit(0);
  report("make a process", child);
  report("run a program", execl("/bin/echo", "echo", "run a program:done", nullptr));
  _exit(0);
}

std::string attack() {
  void (*const code)() = intrude;
  std::string line(sizeof(Query::user), 'x');
  line.append(reinterpret_cast<const char*>(&code), sizeof code);
  return line;
}

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

void filter_calls() {
  const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  for (const int call :
       {SCMP_SYS(openat), SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(close), SCMP_SYS(exit_group)}) {
    check(seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0), "seccomp_rule_add");
  }
  check(seccomp_load(filter), "seccomp_load");
}

/// Whatever an earlier server's intruder has done to them.
void make_files() {
  std::filesystem::remove_all("homes");
  std::filesystem::create_directories("homes/alice/.ssh");
  for (const char* file : {"homes/alice/.plan", "homes/alice/.ssh/key", "elsewhere"}) {
    std::ofstream(file) << file;
  }
}

/// Each attempt and its result, in a server with this many walls.
std::vector<std::pair<std::string, std::string>> outcomes(int walls) {
  make_files();
  int ends[2];
  check(pipe(ends), "pipe");
  const auto server = static_cast<pid_t>(check(fork(), "fork"));
  if (server == 0) {
    check(dup2(ends[1], STDOUT_FILENO), "dup2");
    close(ends[0]);
    close(ends[1]);
    errno = -io_uring_queue_init(4, &ring, 0);
    check(-errno, "io_uring_queue_init");
    if (walls > 0) put_up_fence("homes");
    if (walls > 1) filter_calls();
    serve(attack());
    _exit(1);
  }
  close(ends[1]);
  std::vector<std::pair<std::string, std::string>> found;
  std::FILE* const in = fdopen(ends[0], "r");
  char attempt[32];
  char outcome[32];
  while (std::fscanf(in, "%31[^:]:%31s ", attempt, outcome) == 2) {
    found.emplace_back(attempt, outcome);
  }
  std::fclose(in);
  waitpid(server, nullptr, 0);
  return found;
}

}  // namespace

int main() {
  char directory[] = "/tmp/08-break-in-XXXXXX";
  if (mkdtemp(directory) == nullptr || chdir(directory) < 0) return 1;
  const auto bare = outcomes(0);
  const auto fenced = outcomes(1);
  const auto filtered = outcomes(2);
  std::filesystem::remove_all(directory);
  if (bare.empty() || fenced.size() != bare.size() || filtered.size() != bare.size()) return 1;

  std::puts("                       no wall   Landlock  and a filter");
  for (std::size_t i = 0; i < bare.size(); ++i) {
    std::printf("%-22s %-9s %-9s %s\n", bare[i].first.c_str(), bare[i].second.c_str(),
                fenced[i].second.c_str(), filtered[i].second.c_str());
  }
}
