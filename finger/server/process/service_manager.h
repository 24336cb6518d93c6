#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "common/fd.h"

namespace finger {

/// The manager that has started us, systemd or one that speaks its protocol, where there is one:
/// what it passes (sd_listen_fds(3), sd_watchdog_enabled(3)), and what it is told (sd_notify(3)).
/// That is a few variables and datagrams, which systemd promises to keep as they are. libsystemd
/// speaks them as well, and would bring half a dozen libraries into a process that is root's.
class ServiceManager {
 public:
  /// Without a manager: all that it is told is dropped.
  ServiceManager() = default;

  /// The one that the environment names, from which its variables are removed: they are for this
  /// process. Only while it has one thread.
  static ServiceManager from_environment();

  /// We serve, or serve again after reloading(). `status` is a line for `systemctl status`.
  void ready(std::string_view status) const;

  /// SIGHUP has come. ready() must follow, whether the reload succeeds or not.
  void reloading() const;

  /// We are asked to stop. From a signal handler, too.
  void stopping() const { tell("STOPPING=1"); }

  /// Another process has taken over and is the one to watch. From any thread.
  void succeeded_by(pid_t successor) const;

  /// We are not stuck. To be called at least every watchdog_interval(). Never waits.
  void alive() const;

  /// How often the manager wants to hear that: twice in the time after which it would kill us.
  /// nullopt: never.
  std::optional<std::chrono::microseconds> watchdog_interval() const { return watchdog_interval_; }

 private:
  void tell(std::string_view message, int flags = 0) const;

  common::Fd socket_;  ///< Empty: there is no manager.
  std::optional<std::chrono::microseconds> watchdog_interval_;
};

/// The first descriptor that a manager passes. sd_listen_fds(3)
inline constexpr int passed_begin = 3;

/// The listening sockets that the manager has passed, non-blocking.
struct PassedSockets {
  std::vector<common::Fd> clients;
  common::Fd scrapers;  ///< Empty: there is none. The one with FileDescriptorName=metrics.
                        ///< systemd.socket(5)
};

/// Takes them (LISTEN_FDS, LISTEN_FDNAMES), and removes the variables. Error: a line that says what
/// is wrong with what was passed.
std::expected<PassedSockets, std::string> take_passed_sockets();

/// Tells a watchdog that a process is not stuck, for as long as that is true of each of its loops:
/// every loop reports when it turns, and one that does not keeps the watchdog waiting.
class Heartbeat {
 public:
  /// `alive` is called once for every time that so many loops have reported.
  Heartbeat(std::chrono::microseconds interval, std::size_t loops, std::function<void()> alive)
      : interval_(interval), loops_(loops), alive_(std::move(alive)) {}

  /// How often each loop is to report.
  std::chrono::microseconds interval() const { return interval_; }

  /// From the thread of the loop, of which `loop` is the name.
  void beat(const void* loop) {
    const std::scoped_lock lock(mutex_);
    reported_.insert(loop);
    if (reported_.size() < loops_) return;
    reported_.clear();
    alive_();
  }

 private:
  const std::chrono::microseconds interval_;
  const std::size_t loops_;
  const std::function<void()> alive_;
  std::mutex mutex_;
  std::unordered_set<const void*> reported_;  ///< Since `alive` was called.
};

}  // namespace finger
