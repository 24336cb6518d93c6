#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.h"

namespace finger {

/// Tells the service manager that started us, if one did, what we are doing (sd_notify(3)). The
/// manager is systemd, or another with its protocol of a variable and datagrams, which systemd
/// promises to keep. libsystemd would bring half a dozen libraries into a process that runs as
/// root.
class ServiceManager {
 public:
  /// Without a manager, drops all messages.
  ServiceManager() = default;

  /// The manager named by the environment. Removes the variable, which is meant for this process
  /// only. The process must have one thread.
  static ServiceManager from_environment();

  explicit operator bool() const { return static_cast<bool>(socket_); }

  /// Reports that we serve, or serve again after reloading(). `status` is a line for `systemctl
  /// status`.
  void ready(std::string_view status) const;

  /// Call it on SIGHUP. ready() must follow, whether the reload succeeds or not.
  void reloading() const;

  void stopping() const { tell("STOPPING=1"); }

 private:
  void tell(std::string_view message) const;

  common::Fd socket_;  ///< Empty: no manager.
};

/// Takes the listening sockets that the manager passed (LISTEN_FDS), makes them non-blocking, and
/// removes the variables. Error: a line that says what is wrong with a socket.
std::expected<std::vector<common::Fd>, std::string> take_passed_sockets();

}  // namespace finger
