#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.h"

namespace finger {

/// The manager that has started us, systemd or one that speaks its protocol, where there is one:
/// what it is told (sd_notify(3)). The protocol is a variable and datagrams, which systemd promises
/// to keep as they are. libsystemd speaks them as well, and would bring half a dozen libraries into
/// a process that is root's.
class ServiceManager {
 public:
  /// Without a manager: all that it is told is dropped.
  ServiceManager() = default;

  /// The one that the environment names, from which its variable is removed: it is for this
  /// process. Only while it has one thread.
  static ServiceManager from_environment();

  /// We serve, or serve again after reloading(). `status` is a line for `systemctl status`.
  void ready(std::string_view status) const;

  /// SIGHUP has come. ready() must follow, whether the reload succeeds or not.
  void reloading() const;

  void stopping() const { tell("STOPPING=1"); }

 private:
  void tell(std::string_view message) const;

  common::Fd socket_;  ///< Empty: there is no manager.
};

/// The listening sockets that the manager has passed (LISTEN_FDS), non-blocking. Their variables
/// are removed. Error: a line that says what is wrong with what was passed.
std::expected<std::vector<common::Fd>, std::string> take_passed_sockets();

}  // namespace finger
