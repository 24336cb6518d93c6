#include "common/process.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>

#include "common/log.h"

namespace common {

void prepare_process(std::size_t connections_max) {
  (void)std::signal(SIGPIPE, SIG_IGN);  // cannot fail for SIGPIPE

  // Standard streams, listener, epoll and eventfd of each worker: some dozens at the most.
  constexpr std::size_t own_descriptors = 32;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return;  // EFAULT and EINVAL only
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);  // a soft limit may always be raised to the hard one
  if (limit.rlim_cur < connections_max + own_descriptors) {
    log(
        fmt::format("the limit of {} descriptors is less than --max-connections {} needs: raise it "
                    "with ulimit -Hn, or ask for fewer connections",
                    limit.rlim_cur, connections_max));
  }
}

void announce(std::string_view address) {
  std::puts(fmt::format("listening on {}", address).c_str());
  std::fflush(stdout);
}

int fail(const Options& options, std::error_code error) {
  std::string_view advice;
  if (error == std::errc::address_in_use) {
    advice = ": stop the server that has it, or choose another --port";
  } else if (error == std::errc::address_not_available) {
    advice = ": --host must be an address of this machine";
  } else if (error == std::errc::permission_denied) {
    advice = ": ports below 1024 need privileges, choose another --port";
  }
  log(fmt::format("cannot serve {} port {}: {}{}", options.host, options.port, error.message(),
                  advice));
  return 1;
}

}  // namespace common
