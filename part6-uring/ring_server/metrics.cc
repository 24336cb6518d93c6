#include "ring_server/metrics.h"

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <span>
#include <utility>

#include "common/loop/eventfd.h"
#include "common/net/accept.h"
#include "common/net/address.h"
#include "common/net/listen.h"
#include "common/server/log.h"
#include "ring_server/endpoint.h"
#include "uring/wait/deadline.h"

namespace ring_server {
namespace {

/// For a scraper to ask, to take the answer, and to close.
constexpr auto scrape_timeout = std::chrono::seconds(2);

sigset_t the_signal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  return set;
}

std::atomic<int> to_wake = -1;  ///< An eventfd(2). Set before the signal is handled.
std::atomic<bool> asked = false;

void on_signal(int) {
  const int saved_errno = errno;
  asked = true;
  common::wake(to_wake);
  errno = saved_errno;
}

/// As long as it exists, the signal writes to `wake`. To be made and destroyed by the same thread,
/// the only one that takes the signal.
class SignalHandling {
 public:
  explicit SignalHandling(const common::Fd& wake) {
    to_wake = wake.get();
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    (void)::sigaction(SIGUSR1, &action, nullptr);  // valid arguments, here and below
    const sigset_t unblocked = the_signal();
    (void)::pthread_sigmask(SIG_UNBLOCK, &unblocked, nullptr);
  }
  SignalHandling(const SignalHandling&) = delete;
  SignalHandling& operator=(const SignalHandling&) = delete;
  ~SignalHandling() { Metrics::hold_signal(); }
};

bool is_path(std::string_view where) { return where.find('/') != where.npos; }

bool is_loopback(const common::Address& address) {
  if (address.family() == AF_INET6) {
    const auto* const v6 = reinterpret_cast<const sockaddr_in6*>(address.data());
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
  }
  const auto* const v4 = reinterpret_cast<const sockaddr_in*>(address.data());
  return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

/// nullopt: it is no address and port, or not of this machine alone.
std::optional<common::Address> parse_loopback(std::string_view where) {
  const auto address = parse_endpoint(where);
  if (!address || !is_loopback(*address)) return std::nullopt;
  return address;
}

/// Whether something is there that is no socket: a slip of the keyboard must not cost a file.
bool is_other_file(const std::string& path) {
  struct stat file {};
  return ::lstat(path.c_str(), &file) == 0 && !S_ISSOCK(file.st_mode);
}

/// The socket gets its name when it listens already, by a rename: so no scraper finds one that
/// refuses it, and it takes the place of what an earlier server has left.
common::Result<common::Fd> listen_at(const std::string& path) {
  const std::string unfinished = path + ".new";
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (unfinished.size() >= sizeof address.sun_path) {
    return std::unexpected(make_error_code(std::errc::filename_too_long));
  }
  if (is_other_file(path)) return std::unexpected(make_error_code(std::errc::file_exists));
  std::ranges::copy(unfinished, address.sun_path);
  common::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return common::last_error();
  (void)std::remove(unfinished.c_str());  // of a server that was killed just then
  const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
  if (::bind(socket.get(), generic, sizeof address) < 0) return common::last_error();
  if (::listen(socket.get(), SOMAXCONN) < 0) return common::last_error();
  if (std::rename(unfinished.c_str(), path.c_str()) < 0) return common::last_error();
  return socket;
}

}  // namespace

void Metrics::hold_signal() {
  const sigset_t blocked = the_signal();
  (void)::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);  // valid arguments
}

Metrics::Metrics(const MetricsProfile& profile, std::size_t workers, common::Fd listener)
    : profile_(profile), workers_(workers), listener_(std::move(listener)) {}

void Metrics::start(uring::Loop& loop, uring::Scope& scope, Background& background) {
  background.spawn(scope, log_on_signal(background));
  if (!listener_) return;
  const auto listener = std::make_shared<const common::Fd>(std::move(listener_));
  for (std::size_t i = 0; i < scrapers_max; ++i) {
    background.spawn(scope, answer_scrapers(loop, listener));
  }
}

/// Neither a signalfd(2) nor a poll of it: the eventfd that stops a server is there already.
uring::Task<common::Status> Metrics::log_on_signal(Background& background) {
  const SignalHandling handling(background.wake());
  while (true) {
    const auto changed = co_await background.change();
    if (!changed) co_return std::unexpected(changed.error());
    if (asked.exchange(false)) common::log(counters_line(profile_, workers_));
  }
}

/// One after the other. Several of these wait for the next at the same time: for those that come
/// too late, accept finds none.
uring::Task<common::Status> Metrics::answer_scrapers(uring::Loop& loop,
                                                     std::shared_ptr<const common::Fd> listener) {
  while (true) {
    const auto ready = co_await loop.poll(*listener, POLLIN);
    if (!ready) co_return std::unexpected(ready.error());
    common::Fd scraper(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (scraper) {
      co_await answer(loop, std::move(scraper));
    } else if (errno != EAGAIN) {  // no descriptor is left: the clients need them more
      const auto paused = co_await loop.sleep(common::shortage_pause);
      if (!paused) co_return paused;
    }
  }
}

uring::Task<> Metrics::answer(uring::Loop& loop, common::Fd scraper) {
  uring::Deadline deadline(loop, loop.now() + scrape_timeout);
  std::string text(scrape_bytes_max, '\0');
  std::size_t size = 0;
  while (size < text.size() && !is_whole_request(std::string_view(text).substr(0, size))) {
    const auto room = std::as_writable_bytes(std::span(text).subspan(size));
    const auto received = co_await loop.recv(scraper, room).until(deadline);
    if (!received || *received == 0) co_return;
    size += *received;
  }
  text.resize(size);
  text = answer_scrape(text, [this] { return exposition(profile_, workers_); });
  for (auto left = std::as_bytes(std::span(std::as_const(text))); !left.empty();) {
    const auto sent = co_await loop.send(scraper, left, MSG_WAITALL).until(deadline);
    if (!sent) co_return;
    left = left.subspan(*sent);
  }
  // Closing with input unread would send a reset, which destroys what is on its way.
  if (::shutdown(scraper.get(), SHUT_WR) < 0) co_return;
  while (true) {
    const auto rest = std::as_writable_bytes(std::span(text));
    const auto received = co_await loop.recv(scraper, rest).until(deadline);
    if (!received || *received == 0) co_return;
  }
}

common::OptionLine metrics_option(std::string& where) {
  return {.name = "--metrics",
          .value_name = "ADDR",
          .fallback = "",
          .meaning = "serve the counters that SIGUSR1 logs, in Prometheus' format",
          .takes =
              "a loopback address and port such as 127.0.0.1:9179 or [::1]:9179, or a path "
              "with a / for a Unix socket",
          .set = [&where](std::string_view text) {
            where = text;
            return is_path(text) || parse_loopback(text).has_value();
          }};
}

common::Result<common::Fd> listen_for_scrapers(const std::string& where, Takeover& takeover) {
  if (where.empty()) return common::Fd();
  if (is_path(where)) return listen_at(where);
  const auto address = *parse_loopback(where);
  common::Fd taken = takeover.side_listener(address);
  if (taken) return taken;
  return common::listen_on(address, common::SocketMode::nonblocking);
}

int report_metrics_failure(const std::string& where, std::error_code error) {
  common::log(fmt::format("cannot serve --metrics {}: {}", where, error.message()),
              common::Severity::error);
  return 1;
}

}  // namespace ring_server
