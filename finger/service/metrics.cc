#include "finger/service/metrics.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <utility>

#include "common/net/address.h"
#include "common/net/listen.h"
#include "common/server/limits_and_timeouts.h"
#include "common/server/log.h"
#include "finger/service/addresses.h"

namespace finger {
namespace {

/// For a scraper to ask, to take the answer, and to close.
constexpr auto scrape_timeout = std::chrono::seconds(2);

bool is_path(std::string_view where) { return where.find('/') != where.npos; }

/// nullopt: it is no address and port, or not of this machine alone.
std::optional<common::Address> parse_loopback(std::string_view where) {
  const auto address = parse_endpoint(where);
  if (!address) return std::nullopt;
  const auto* const begins = address->family() == AF_INET ? "127." : "[::1]:";
  return address->to_string().starts_with(begins) ? address : std::nullopt;
}

common::Fd open_signals() {
  sigset_t asked;
  sigemptyset(&asked);
  sigaddset(&asked, SIGUSR1);
  return common::Fd(::signalfd(-1, &asked, SFD_CLOEXEC | SFD_NONBLOCK));
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
  if (unfinished.size() > Takeover::path_bytes_max) {
    return std::unexpected(make_error_code(std::errc::filename_too_long));
  }
  if (is_other_file(path)) return std::unexpected(make_error_code(std::errc::file_exists));
  const sockaddr_un address = unix_address(unfinished);
  common::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return common::last_error();
  (void)std::remove(unfinished.c_str());  // of a server that was killed just then
  const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
  if (::bind(socket.get(), generic, sizeof address) < 0) return common::last_error();
  if (::listen(socket.get(), SOMAXCONN) < 0) return common::last_error();
  if (std::rename(unfinished.c_str(), path.c_str()) < 0) return common::last_error();
  return socket;
}

/// A request may be that long. More is nothing that a scraper sends.
constexpr std::size_t scrape_bytes_max = 4096;

std::string http(std::string_view status, std::string_view body, std::string_view fields = "") {
  return fmt::format(
      "HTTP/1.0 {}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
      "Content-Length: {}\r\n{}Connection: close\r\n\r\n{}",
      status, body.size(), fields, body);
}

/// Its head ends with an empty line, and none has a body.
bool is_whole_request(std::string_view received) {
  return received.ends_with("\r\n\r\n") || received.ends_with("\n\n");
}

/// With what `body` returns, if the request is for /metrics. HEAD gets the same as GET without the
/// body. HTTP/1.0: then the connection is closed.
std::string answer_scrape(std::string_view request, const std::function<std::string()>& body) {
  const auto line = request.substr(0, request.find_first_of("\r\n"));
  const auto method_end = line.find(' ');
  if (!is_whole_request(request) || method_end == line.npos) return http("400 Bad Request", "");
  const auto method = line.substr(0, method_end);
  if (method != "GET" && method != "HEAD") {
    return http("405 Method Not Allowed", "", "Allow: GET, HEAD\r\n");
  }
  const auto target = line.substr(method_end + 1);
  const auto path = target.substr(0, target.find_first_of(" ?"));
  std::string answer = path == "/metrics" ? http("200 OK", body()) : http("404 Not Found", "");
  if (method == "HEAD") answer.resize(answer.find("\r\n\r\n") + 4);
  return answer;
}

}  // namespace

Metrics::Metrics(Generations& generations, std::optional<std::size_t> generation,
                 std::size_t workers, common::Fd listener)
    : own_(generation ? 0 : workers),
      generations_(generations),
      workers_(generation ? generations.of(*generation) : own_),
      signals_(open_signals()),
      listener_(std::move(listener)) {}

void Metrics::start(uring::Loop& loop, uring::Scope& accepting, uring::Scope& answering,
                    ring_server::Background& background) {
  if (listener_) background.spawn(accepting, accept_scrapers(loop, answering, background));
}

/// Once more where a process has ended meanwhile, and what it has counted may be told twice.
std::string Metrics::tell(Tell how) const {
  constexpr int tries_max = 100;
  std::string text;
  for (int tries = 0; tries < tries_max; ++tries) {
    const std::uint64_t changes = generations_.changes();
    auto workers = generations_.all();
    for (const WorkerCounters& each : own_) workers.push_back(&each);
    text = how(workers, generations_);
    if (changes % 2 == 0 && changes == generations_.changes()) break;
  }
  return text;
}

uring::Task<common::Status> Metrics::log_when_asked(uring::Loop& loop) {
  while (true) {
    const auto ready = co_await loop.poll(signals_, POLLIN);
    if (!ready) co_return std::unexpected(ready.error());
    signalfd_siginfo signal{};
    if (::read(signals_.get(), &signal, sizeof signal) > 0) common::log(tell(counters_line));
  }
}

uring::Task<common::Status> Metrics::accept_scrapers(uring::Loop& loop, uring::Scope& answering,
                                                     ring_server::Background& background) {
  const common::Fd listener = std::move(listener_);
  while (true) {
    const auto ready = co_await loop.poll(listener, POLLIN);
    if (!ready) co_return std::unexpected(ready.error());
    const auto room = co_await wait_for_room(answering, background);
    if (!room) co_return room;
    common::Fd scraper(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (scraper) {
      answering.spawn(serve(loop, std::move(scraper), background));
    } else if (errno != EAGAIN) {  // no descriptor is left: the clients need them more
      const auto paused = co_await loop.sleep(common::shortage_pause);
      if (!paused) co_return paused;
    }
  }
}

/// A scraper that has sent its request is answered; of the others the one goes that had most time.
uring::Task<common::Status> Metrics::wait_for_room(uring::Scope& answering,
                                                   ring_server::Background& background) {
  if (answering.size() < scrapers_max) co_return {};
  if (Awaited* const oldest = awaited_.take_front()) {
    oldest->deadline.cancel(uring::Error::timed_out);
  }
  while (answering.size() >= scrapers_max) {
    const auto changed = co_await background.change();
    if (!changed) co_return std::unexpected(changed.error());
  }
  co_return {};
}

uring::Task<> Metrics::serve(uring::Loop& loop, common::Fd scraper,
                             ring_server::Background& background) {
  co_await answer(loop, scraper);
  background.notify();
}

uring::Task<> Metrics::answer(uring::Loop& loop, const common::Fd& scraper) {
  uring::Deadline deadline(loop, loop.now() + scrape_timeout);
  std::string text(scrape_bytes_max, '\0');
  std::size_t size = 0;
  {
    Awaited awaited(deadline);
    awaited_.push_back(awaited);
    while (size < text.size() && !is_whole_request(std::string_view(text).substr(0, size))) {
      const auto room = std::as_writable_bytes(std::span(text).subspan(size));
      const auto received = co_await loop.recv(scraper, room).until(deadline);
      if (!received || *received == 0) co_return;
      size += *received;
    }
  }
  text.resize(size);
  text = answer_scrape(text, [this] { return tell(metrics_text); });
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

std::optional<std::string> parse_metrics_place(std::string_view where) {
  if (!is_path(where) && !parse_loopback(where)) return std::nullopt;
  return std::string(where);
}

common::Result<common::Fd> listen_for_scrapers(const std::string& where, Takeover& takeover) {
  if (where.empty()) return common::Fd();
  if (is_path(where)) return listen_at(where);
  const auto address = *parse_loopback(where);
  common::Fd taken = takeover.side_listener(address);
  if (taken) return taken;
  return common::listen_on(address, common::SocketMode::nonblocking);
}

std::string explain_metrics_failure(const std::string& where, std::error_code error) {
  // As in the unit, which has no network and nowhere to write.
  const bool in_a_unit =
      error == std::errc::address_family_not_supported || error == std::errc::read_only_file_system;
  const auto advice = in_a_unit ? ": leave it out, and let fingerd-metrics.socket listen" : "";
  return fmt::format("cannot serve --metrics {}: {}{}", where, error.message(), advice);
}

}  // namespace finger
