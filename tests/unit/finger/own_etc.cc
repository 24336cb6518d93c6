#include "own_etc.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "common/fd.h"

namespace tests {
namespace {

std::string reason(const char* what) {
  return "skipped: " + std::string(what) + ": " + std::strerror(errno);
}

bool leave_mounts() {
  // Root may without a user namespace; and who may not, perhaps with one.
  return ::unshare(CLONE_NEWNS) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
}

std::optional<std::string> put_on_top(const std::string& directory, const std::string& name,
                                      const std::string& content) {
  const auto ours = directory + "/" + name;
  const auto theirs = "/etc/" + name;
  std::ofstream(ours) << content;
  if (::mount(ours.c_str(), theirs.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    return reason(theirs.c_str());
  }
  return std::nullopt;
}

std::string act_in_child(const std::string& directory, const Etc& etc,
                         const std::function<std::string()>& act) {
  if (!leave_mounts()) return reason("unshare");
  // What is mounted from here on must not be seen outside.
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return reason("mount");
  const auto switches = "passwd: " + etc.sources + "\ngroup: files\n";
  for (const auto& [name, content] :
       {std::pair("passwd", etc.passwd), std::pair("group", etc.group),
        std::pair("nsswitch.conf", switches)}) {
    if (const auto failed = put_on_top(directory, name, content)) return *failed;
  }
  return act();
}

std::string read_all(const common::Fd& pipe) {
  std::string text;
  std::array<char, 4096> piece;
  while (true) {
    const auto size = ::read(pipe.get(), piece.data(), piece.size());
    if (size <= 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
}

}  // namespace

std::string in_own_etc(const Etc& etc, const std::function<std::string()>& act) {
  char directory[] = "/tmp/finger_etc.XXXXXX";
  int ends[2];
  if (::mkdtemp(directory) == nullptr || ::pipe2(ends, O_CLOEXEC) != 0) std::abort();
  common::Fd reading(ends[0]);
  common::Fd writing(ends[1]);

  const pid_t child = ::fork();
  if (child == 0) {
    const auto result = act_in_child(directory, etc, act);
    const auto written = ::write(writing.get(), result.data(), result.size());
    std::_Exit(written == static_cast<ssize_t>(result.size()) ? 0 : 1);
  }
  writing = common::Fd();
  const auto result = read_all(reading);
  int status = 0;
  (void)::waitpid(child, &status, 0);
  std::filesystem::remove_all(directory);
  return status == 0 ? result : "the child ended with " + std::to_string(status);
}

void rewrite_etc(const std::string& name, const std::string& content) {
  std::ofstream("/etc/" + name) << content;
}

}  // namespace tests
