// A finger daemon on a plain epoll loop that does the work of fingerd, and no more: the home as
// O_PATH, the plan beneath it without following links, fstat(2), read, CRLF, send, end of stream,
// and the peer's; so many clients at once and no more; a deadline for each. What to measure fingerd
// against. Each call is tried before anybody waits for it: most need no wait.
// No options but those below, no log, no reload, no other rights than its own.

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>

#include "common/loop/deadline_list.h"
#include "common/loop/slab.h"
#include "common/net/listen.h"
#include "common/server/options.h"
#include "finger/accounts/accounts.h"
#include "finger/protocol/crlf.h"
#include "finger/protocol/error.h"
#include "finger/protocol/query.h"
#include "peers/peer.h"

namespace {

using common::Clock;
using common::Fd;
using common::Token;

constexpr std::size_t clients_max = 128;
constexpr auto exchange_time_max = std::chrono::seconds(10);
constexpr std::size_t buffer_bytes = 16 * 1024;
constexpr std::size_t read_bytes_max = buffer_bytes / finger::CrlfConverter::growth_max;

constexpr std::uint64_t beneath =
    RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH | RESOLVE_NO_XDEV;

Fd open_beneath(const Fd& directory, const char* path, int flags) {
  const open_how how{
      .flags = static_cast<std::uint64_t>(flags | O_CLOEXEC), .mode = 0, .resolve = beneath};
  return Fd(static_cast<int>(::syscall(SYS_openat2, directory.get(), path, &how, sizeof how)));
}

/// One exchange: receives, answers, waits for the peer's end.
class Client {
 public:
  enum class Then { wait_for_input, wait_for_room, close };

  explicit Client(Fd socket) : socket_(std::move(socket)) {}

  /// As far as it goes without waiting.
  Then advance(const Fd& users, const finger::Accounts& accounts) {
    if (state_ == State::receiving) {
      const auto query = receive();
      if (!query) return query.error();
      answer(*query, users, accounts);
      state_ = State::sending;
    }
    if (state_ == State::sending) {
      while (!unsent_.empty() || plan_) {
        if (unsent_.empty()) read_plan();
        if (!unsent_.empty() && !send()) return Then::wait_for_room;
        if (gone_) return Then::close;
      }
      state_ = State::lingering;
      if (::shutdown(socket_.get(), SHUT_WR) < 0) return Then::close;
    }
    return discard();
  }

  const Fd& socket() const { return socket_; }

  common::DeadlineEntry deadline;
  std::uint32_t watched = 0;

 private:
  enum class State { receiving, sending, lingering };

  std::expected<std::string_view, Then> receive() {
    while (true) {
      const auto space = query_.space();
      const ssize_t received = ::recv(socket_.get(), space.data(), space.size(), 0);
      if (received < 0 && errno == EAGAIN) return std::unexpected(Then::wait_for_input);
      if (received <= 0) return std::unexpected(Then::close);
      query_.commit(static_cast<std::size_t>(received));
      const auto line = query_.line();
      if (!line) return std::unexpected(Then::close);
      if (*line) return **line;
    }
  }

  void answer(std::string_view line, const Fd& users, const finger::Accounts& accounts) {
    const auto query = finger::parse_query(line);
    if (!query) return say(finger::error_line(query.error()));
    if (query->user.empty()) return say(finger::list_answer(accounts, false));
    const finger::Account* const account = accounts.find(query->user);
    if (account == nullptr) return say(finger::error_line(finger::Error::no_such_user));

    const Fd home = open_beneath(users, account->login.c_str(), O_PATH | O_DIRECTORY);
    if (home) plan_ = open_beneath(home, ".plan", O_RDONLY | O_NONBLOCK | O_NOCTTY);
    struct stat about {};
    const bool regular = plan_ && ::fstat(plan_.get(), &about) == 0 && S_ISREG(about.st_mode);
    if (!regular) plan_ = Fd();
    if (!regular) return say(std::string(finger::no_plan));
    plan_bytes_ = static_cast<std::size_t>(about.st_size);
  }

  void say(std::string text) {
    text_ = std::move(text);
    unsent_ = std::as_bytes(std::span(text_));
  }

  void read_plan() {
    const auto in = std::span(buffer_).last(read_bytes_max);
    const ssize_t got = ::pread(plan_.get(), in.data(), in.size(), static_cast<off_t>(offset_));
    if (got < 0) return void(plan_ = Fd());
    const auto bytes = static_cast<std::size_t>(got);
    offset_ += bytes;
    std::size_t filled = converter_.convert(in.first(bytes), buffer_);
    if (bytes == 0 || (bytes < in.size() && offset_ >= plan_bytes_)) {
      plan_ = Fd();
      if (converter_.empty()) return say(std::string(finger::no_plan));
      filled += converter_.finish(std::span(buffer_).subspan(filled));
    }
    unsent_ = std::span(buffer_).first(filled);
  }

  /// False: the peer has to make room.
  bool send() {
    const ssize_t sent = ::send(socket_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    gone_ = sent < 0 && errno != EAGAIN;
    if (sent > 0) unsent_ = unsent_.subspan(static_cast<std::size_t>(sent));
    return unsent_.empty() || gone_;
  }

  Then discard() {
    while (true) {
      const ssize_t got = ::recv(socket_.get(), buffer_.data(), buffer_.size(), MSG_TRUNC);
      if (got == 0 || (got < 0 && errno != EAGAIN)) return Then::close;
      if (got < 0) return Then::wait_for_input;
    }
  }

  State state_ = State::receiving;
  bool gone_ = false;
  Fd socket_, plan_;
  finger::QueryReader query_;
  finger::CrlfConverter converter_;
  std::size_t offset_ = 0, plan_bytes_ = 0;
  std::string text_;
  common::ByteView unsent_;
  std::array<std::byte, buffer_bytes> buffer_;
};

class Daemon {
 public:
  Daemon(Fd listener, Fd users, finger::Accounts accounts)
      : listener_(std::move(listener)), users_(std::move(users)), accounts_(std::move(accounts)) {}

  [[noreturn]] void run() {
    watch_listener(EPOLLIN);
    while (true) {
      std::array<epoll_event, 256> events;
      const int ready = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                     common::timeout_ms(deadlines_.soonest()));
      if (ready < 0 && errno != EINTR) peer::give_up("epoll_wait", errno);
      const auto now = Clock::now();
      for (int i = 0; i < ready; ++i) {
        const auto token = Token::from_value(events[static_cast<std::size_t>(i)].data.u64);
        if (token == listener_token) {
          accept_some(now);
        } else if (clients_.find(token) != nullptr) {
          advance(token);
        }
      }
      while (const auto token = deadlines_.overdue(now)) close(*token);
    }
  }

 private:
  static constexpr Token listener_token{Token::Kind::listener};

  void accept_some(Clock::time_point now) {
    while (clients_.size() < clients_max) {
      common::Fd client = peer::accept_one(listener_, common::SocketMode::nonblocking);
      if (!client) return;
      const Token token = clients_.emplace(std::move(client));
      deadlines_.set(clients_.find(token)->deadline, now + exchange_time_max, token);
      advance(token);
    }
    watch_listener(0);  // the others wait in the backlog
  }

  void advance(Token token) {
    Client& client = *clients_.find(token);
    const auto then = client.advance(users_, accounts_);
    if (then == Client::Then::close) return close(token);
    const std::uint32_t wanted = then == Client::Then::wait_for_room ? EPOLLOUT : EPOLLIN;
    if (wanted != client.watched) control(client.socket(), token, client.watched, wanted);
    client.watched = wanted;
  }

  void close(Token token) {
    clients_.erase(token);
    watch_listener(EPOLLIN);
  }

  void watch_listener(std::uint32_t wanted) {
    if (wanted != watched_) control(listener_, listener_token, watched_, wanted);
    watched_ = wanted;
  }

  void control(const Fd& fd, Token token, std::uint32_t watched, std::uint32_t wanted) {
    epoll_event event{.events = wanted, .data = {.u64 = token.value()}};
    const int operation =
        watched == 0 ? EPOLL_CTL_ADD : (wanted == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD);
    if (::epoll_ctl(epoll_.get(), operation, fd.get(), &event) < 0) {
      peer::give_up("epoll_ctl", errno);
    }
  }

  Fd listener_, users_;
  finger::Accounts accounts_;
  Fd epoll_{::epoll_create1(EPOLL_CLOEXEC)};
  std::uint32_t watched_ = 0;  ///< Of the listener.
  common::DeadlineList deadlines_;
  common::Slab<Client> clients_;  ///< After the list, which its entries leave when they end.
};

}  // namespace

int main(int argc, char** argv) {
  std::string users = ".";
  auto listener = peer::listen_as_told(argc, argv, "peer-epoll-finger", "Serves plans with epoll.",
                                       common::SocketMode::nonblocking,
                                       {{.name = "--users",
                                         .value_name = "DIR",
                                         .fallback = users,
                                         .meaning = "serve DIR/NAME/.plan",
                                         .takes = "the name of a directory",
                                         .set = [&users](std::string_view text) {
                                           users = text;
                                           return !users.empty();
                                         }}});
  Fd directory(::open(users.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) peer::give_up(users.c_str(), errno);
  auto accounts = finger::Accounts::of_directory(directory);
  if (!accounts) peer::give_up(users.c_str(), accounts.error().value());
  peer::announce(listener);
  Daemon(std::move(listener), std::move(directory), std::move(*accounts)).run();
}
