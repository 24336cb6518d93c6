#include "common/server/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <system_error>
#include <thread>

#include "common/server/log.h"
#include "common/server/print.h"

namespace common {

namespace {

/// open(2) returns the lowest free number, which is the one that was closed. With O_PATH, reads and
/// writes fail with EBADF, as if it were still closed, so a loss doesn't go unnoticed. A bare
/// chroot has no /dev/null, but a /.
void take_standard_numbers() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(number, F_GETFD) >= 0) continue;
    if (::open("/", O_PATH) < 0) std::exit(EXIT_FAILURE);  // then accept would fail, too
  }
}

void raise_descriptor_limit(std::size_t connections_max, std::size_t workers,
                            const ServerProfile& profile) {
  // The standard streams and a few more; for each worker a listener, an epoll or ring, an eventfd.
  const std::size_t own_descriptors = 8 + 3 * workers;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return;  // fails only for a wrong argument
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);  // EPERM if fs.nr_open is lower by now
  (void)::getrlimit(RLIMIT_NOFILE, &limit);
  if (profile.descriptors_each == 0) return;
  if (limit.rlim_cur < connections_max * profile.descriptors_each + own_descriptors) {
    log(fmt::format("the limit of {} descriptors is less than {} {} needs: raise it with ulimit "
                    "-Hn, or ask for fewer connections",
                    limit.rlim_cur, profile.connections, connections_max),
        Severity::warning);
  }
}

}  // namespace

void prepare_process(std::size_t connections_max, std::size_t workers,
                     const ServerProfile& profile) {
  take_standard_numbers();
  // Writing to a pipe or socket that nobody reads any more, or to a file at its size limit
  // (RLIMIT_FSIZE), should make write(2) fail, not kill us. Nor may a line for the terminal stop a
  // server in the background, as with stty tostop, because a client may cause that line.
  (void)std::signal(SIGPIPE, SIG_IGN);  // cannot fail for these three
  (void)std::signal(SIGXFSZ, SIG_IGN);
  (void)std::signal(SIGTTOU, SIG_IGN);
  // By default glibc raises this threshold whenever a large block is freed, and then keeps freed
  // blocks below it. Setting it stops that.
  constexpr int large_bytes = 128 * 1024;
  (void)::mallopt(M_MMAP_THRESHOLD, large_bytes);  // if it's unknown, nothing is lost
  // The call above also freezes this threshold, at 128 KiB: mallopt(3). A message of 64 KiB that
  // arrives in pieces takes more, so glibc would return the memory to the kernel after each
  // message, and fetch it again for the next: two calls of brk(2), and 12 to 16 page faults.
  (void)::mallopt(M_TRIM_THRESHOLD, 2 * large_bytes);
  raise_descriptor_limit(connections_max, workers, profile);
}

void use_small_stacks() {
  constexpr std::size_t stack_bytes = 256 * 1024;
  pthread_attr_t usual;
  pthread_attr_t small;
  (void)::pthread_getattr_default_np(&usual);  // none of these four fails on Linux
  (void)::pthread_attr_init(&small);
  (void)::pthread_attr_setstacksize(&small, stack_bytes);
  (void)::pthread_setattr_default_np(&small);
  try {
    std::thread([] {}).join();
  } catch (const std::system_error&) {
    // EINVAL if the thread_local variables, such as a sanitizer's, don't fit.
    (void)::pthread_setattr_default_np(&usual);
  }
  (void)::pthread_attr_destroy(&small);
  (void)::pthread_attr_destroy(&usual);
}

void announce(std::string_view address) {
  const auto printed = print(fmt::format("listening on {}\n", address));
  if (printed || printed.error() == std::errc::bad_file_descriptor) return;
  // Not exit(3), which would destroy objects that other threads may already be using.
  std::_Exit(
      complain("cannot write the ready line to standard output: " + printed.error().message()));
}

int complain(std::string_view line) {
  log(line, Severity::error);
  return 1;
}

std::string explain_no_thread(std::error_code error) {
  return fmt::format(
      "cannot start a thread: {}: raise the limit (ulimit -u, TasksMax= or a container's "
      "--pids-limit)",
      error.message());
}

std::string explain_failure(const Options& options, std::error_code error,
                            const ServerProfile& profile) {
  std::string advice;
  if (error == std::errc::address_in_use) {
    advice = options.port == 0 ? ": no port is free in net.ipv4.ip_local_port_range"
                               : ": stop the server that has it, or choose another --port";
  } else if (error == std::errc::address_not_available) {
    advice = fmt::format(": {} must be an address of this machine", profile.address);
  } else if (error == std::errc::too_many_files_open) {
    advice = ": raise the limit (ulimit -n or LimitNOFILE=)";
  } else if (error == std::errc::resource_unavailable_try_again) {
    advice = ": raise the limit of timers (ulimit -i)";
  } else if (error == std::errc::invalid_argument && options.host.starts_with("fe80:")) {
    advice = fmt::format(": {} takes no link-local address, which needs an interface as well",
                         profile.address);
  } else if (error == std::errc::permission_denied) {
    advice = options.port < 1024 ? ": ports below 1024 need privileges, choose another --port"
                                 : ": a security module forbids it, as SELinux does";
  }
  return fmt::format("cannot serve {} port {}: {}{}", options.host, options.port, error.message(),
                     advice);
}

int report_failure(const Options& options, std::error_code error, const ServerProfile& profile) {
  return complain(explain_failure(options, error, profile));
}

}  // namespace common
