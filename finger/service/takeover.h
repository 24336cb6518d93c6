#pragma once

#include <poll.h>
#include <sys/types.h>
#include <sys/un.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "common/fd.h"
#include "common/net/address.h"
#include "common/result.h"

namespace finger {

/// What a server listens on: one socket or several, non-blocking.
using Listeners = std::vector<common::Fd>;

/// Of a Unix socket. The path is not longer than Takeover::path_bytes_max.
sockaddr_un unix_address(std::string_view path);

bool listens_for_tcp(const common::Fd& socket);

/// Makes it non-blocking, and takes SO_LINGER off, which clients' sockets inherit. Both belong to
/// the open socket: a process that had it before, or has it as well, may have changed them for all.
/// Where it is made to wait again, accept(2) does so for a tick of the kernel's clock.
void restore(const common::Fd& listener);

/// Replaces a server while it runs. The old one and the new one meet at a Unix socket, `path`. The
/// old one hands its listening sockets over (SCM_RIGHTS, unix(7)), and that Unix socket with them;
/// the new one starts completely and says so; only then the old one stops accepting. The sockets
/// are open all the time, so no client is refused: what neither server has accepted yet waits in
/// the backlog. A new one that fails before it has said so has changed nothing.
///
///     auto takeover = Takeover::begin(path);
///     auto sockets = (*takeover)->take_listeners();  // or, if that is none, our own
///     (*takeover)->offer(sockets);                  // before rights are given up: it makes a file
///     …                                             // start everything that can fail
///     (*takeover)->confirm();                       // the old one may go
///     …                                             // poll(watched()), until advance() is true:
///                                                   // we may go. Or leave it to SuccessorThread
///
/// Only a process of the same user, or root's, hands over and is handed over to. With an empty path
/// no server is asked and nothing is offered.
class Takeover {
 public:
  /// The longest path that the address of a Unix socket holds. unix(7)
  static constexpr std::size_t path_bytes_max = 107;

  /// Asks the server at `path`, if there is one, for its sockets. Error: a line that says why the
  /// server there cannot be replaced.
  static std::expected<std::unique_ptr<Takeover>, std::string> begin(std::string path);

  /// The sockets that were handed over, each listening and non-blocking. None: bind your own.
  Listeners take_listeners() { return std::exchange(sockets_, {}); }

  /// The one that was handed over beside them, if it listens on `address`. Else empty: bind it.
  common::Fd side_listener(const common::Address& address);

  /// Gets ready to hand these over, of which it keeps duplicates, and listens at `path` unless it
  /// has taken that over as well. `side` is not for clients, and a successor may have no use for
  /// it; only a TCP socket is handed over. Returns nothing, or a line that says what fails.
  std::string offer(std::span<const common::Fd> sockets, const common::Fd& side = {});

  /// Tells the server before us that we serve. Returns nothing: so we must, whatever has become of
  /// it. Or a line: we must not, another was quicker.
  std::string confirm();

  /// What to wait for, for poll(2).
  std::array<pollfd, 2> watched() const;

  /// Deals with those that want to take over, without waiting. True: a successor serves, nothing is
  /// offered any more, and all that is left is to serve those who are connected.
  bool advance();

  /// The successor's process, after advance() was true.
  pid_t successor() const { return successor_; }

  bool is_offered() const { return static_cast<bool>(meeting_point_); }

  /// Closes what is offered: a server that stops has no successor.
  void withdraw();

 private:
  explicit Takeover(std::string path) : path_(std::move(path)) {}
  std::string ask_predecessor();
  std::string meet();
  bool candidate_serves();
  void receive_candidate();

  const std::string path_;
  const uid_t owner_ = ::geteuid();  ///< Before rights are given up.
  Listeners sockets_;                ///< Taken over, or offered.
  std::vector<common::Fd> side_;     ///< As well; one, or none.
  common::Fd predecessor_;           ///< Until confirm().
  common::Fd meeting_point_;         ///< Listens at path_.
  common::Fd candidate_;             ///< Has the sockets, and does not serve yet.
  pid_t successor_ = 0;
};

/// Waits for a server's successor in a thread, if a takeover is offered; else it does nothing.
class SuccessorThread {
 public:
  /// `takeover` must outlive it.
  explicit SuccessorThread(Takeover& takeover);
  SuccessorThread(const SuccessorThread&) = delete;
  SuccessorThread& operator=(const SuccessorThread&) = delete;
  ~SuccessorThread();

  /// When a successor serves, `retire` is called with its process id: the server is to accept no
  /// more, and to serve those who are connected until they leave. Those who have not left after
  /// `drain_timeout` are drained: the process gets a SIGTERM. Where there can be no thread, a line
  /// says so and the server goes on: its predecessor has been told to go.
  void start(std::chrono::milliseconds drain_timeout, std::function<void(pid_t)> retire);

  /// Whether start() has begun to wait. From then on only the thread knows what is offered.
  bool is_started() const { return thread_.joinable(); }

  /// The server stops: nothing is offered any more. From any thread, and from a signal handler.
  void stop();

 private:
  void work(std::chrono::milliseconds drain_timeout, const std::function<void(pid_t)>& retire);
  bool wait_for_successor();

  Takeover& takeover_;
  common::Fd stop_;  ///< An eventfd(2): written to once, and never read.
  std::thread thread_;
};

}  // namespace finger
