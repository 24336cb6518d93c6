// A query that is longer than the parser's array overwrites what the program calls next, and the
// call goes where the query says: to the attacker's code. What can it do there? BROKEN: no wall,
// and it does all that the process may do. With Landlock it opens no file outside the homes, and
// none for writing. With a list of the system calls that the daemon needs, it makes no process and
// no socket either. Both leave it what the daemon itself has to do: read what is in the homes.
// Landlock: Linux 5.13, landlock(7). The list: seccomp(2), by way of libseccomp.
// Try it: ./08-break-in

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
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
#include <vector>

namespace {

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
void report(int result) {
  const std::string_view outcome = result < 0 ? strerrorname_np(errno) : "done";
  (void)!write(STDOUT_FILENO, outcome.data(), outcome.size());
  (void)!write(STDOUT_FILENO, "\n", 1);
}

void intrude() {
  report(open("homes/alice/.plan", O_RDONLY));
  report(open("homes/alice/.ssh/key", O_RDONLY));
  report(open("elsewhere", O_RDONLY));
  report(open("homes/alice/.plan", O_WRONLY));
  report(socket(AF_INET, SOCK_STREAM, 0));
  const pid_t child = fork();
  if (child == 0) _exit(0);
  report(child);
  report(execl("/bin/echo", "echo", "done", nullptr));  // returns if it fails
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

/// The result of each attempt, in a server with this many walls.
std::vector<std::string> outcomes(int walls) {
  int ends[2];
  check(pipe(ends), "pipe");
  const auto server = static_cast<pid_t>(check(fork(), "fork"));
  if (server == 0) {
    check(dup2(ends[1], STDOUT_FILENO), "dup2");
    close(ends[0]);
    close(ends[1]);
    if (walls > 0) put_up_fence("homes");
    if (walls > 1) filter_calls();
    serve(attack());
    _exit(1);
  }
  close(ends[1]);
  std::vector<std::string> lines;
  std::FILE* const in = fdopen(ends[0], "r");
  char line[64];
  while (std::fgets(line, sizeof line, in) != nullptr) {
    lines.emplace_back(line, std::strcspn(line, "\n"));
  }
  std::fclose(in);
  waitpid(server, nullptr, 0);
  return lines;
}

}  // namespace

int main() {
  char directory[] = "/tmp/08-break-in-XXXXXX";
  if (mkdtemp(directory) == nullptr || chdir(directory) < 0) return 1;
  std::filesystem::create_directories("homes/alice/.ssh");
  for (const char* file : {"homes/alice/.plan", "homes/alice/.ssh/key", "elsewhere"}) {
    std::ofstream(file) << file;
  }
  constexpr const char* attempts[] = {
      "read a plan",   "read a key beside it", "read a file elsewhere", "overwrite a plan",
      "make a socket", "make a process",       "run a program"};
  const auto bare = outcomes(0);
  const auto fenced = outcomes(1);
  const auto filtered = outcomes(2);
  std::filesystem::remove_all(directory);
  if (bare.size() != 7 || fenced.size() != 7 || filtered.size() != 7) return 1;

  std::puts("                       no wall   Landlock  and a filter");
  for (std::size_t i = 0; i < std::size(attempts); ++i) {
    std::printf("%-22s %-9s %-9s %s\n", attempts[i], bare[i].c_str(), fenced[i].c_str(),
                filtered[i].c_str());
  }
}
