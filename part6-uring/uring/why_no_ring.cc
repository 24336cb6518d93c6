#include "uring/why_no_ring.h"

#include <sys/utsname.h>

#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "uring/error.h"

namespace uring {
namespace {

std::optional<long> read_number(const char* path) {
  std::ifstream file(path);
  long number = 0;
  if (!(file >> number)) return std::nullopt;
  return number;
}

constexpr auto to_permit =
    "permit io_uring_setup, io_uring_enter and io_uring_register (of a unit: SystemCallFilter=; of "
    "a container: its seccomp profile)";

/// Whether a release such as `6.18.44` is 6.1 or newer.
bool is_new_enough(const std::string& release) {
  std::istringstream words(release);
  unsigned major = 0;
  unsigned minor = 0;
  char dot = 0;
  return (words >> major >> dot >> minor) && std::pair(major, minor) >= std::pair(6U, 1U);
}

std::string explain_kernel(std::error_code error) {
  const bool is_too_old = error == Error::kernel_too_old;
  const std::string needed = is_too_old ? "Linux 6.1 or newer" : "Linux 6.1 or newer with io_uring";
  utsname system{};
  (void)::uname(&system);  // EFAULT only
  const std::string release = system.release;
  std::string line = needed + " is needed, and this is Linux " + release;
  const bool is_wsl = release.find("microsoft") != std::string::npos;
  if (is_wsl) return line + ": try wsl --update";
  if (!is_new_enough(release)) return line;
  // Some filters answer ENOSYS, too; and if one forbids only io_uring_register, we can't ask for
  // the kernel's newer operations.
  line += is_too_old
              ? ", so a seccomp filter forbids a part of it: "
              : ", so it was built without io_uring (CONFIG_IO_URING), or a filter forbids it: ";
  return line + to_permit;
}

}  // namespace

std::string why_no_ring(std::error_code error) {
  const std::string begin = "io_uring cannot be used: ";
  if (error == std::errc::function_not_supported) return begin + explain_kernel(error);
  if (error == std::errc::permission_denied) {
    return begin +
           "a security module forbids it, as SELinux does: look for its denial in the log "
           "of audit(8)";
  }
  if (error == std::errc::operation_not_permitted) {
    const auto disabled = read_number("/proc/sys/kernel/io_uring_disabled");
    if (disabled && *disabled != 0) {
      return begin + "it is switched off here: try sysctl -w kernel.io_uring_disabled=0" +
             (*disabled == 1 ? ", or join the group whose number is kernel.io_uring_group" : "");
    }
    return begin + "a seccomp filter forbids it: " + to_permit;
  }
  if (error == std::errc::not_enough_memory) {
    return begin +
           "no memory is left, or the limit of locked memory (ulimit -l), of address space (-v) or "
           "of data (-d) is too low";
  }
  if (error == std::errc::too_many_files_open) {
    return begin + "no descriptor is left for it: raise the limit with ulimit -n";
  }
  return begin + error.message();
}

}  // namespace uring
