#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "common/fd.h"
#include "common/result.h"
#include "finger/server/accounts/user_count.h"

namespace finger {

/// How a worker process tells its parent that it serves, and still does, or why it cannot.
class Report {
 public:
  /// One end of each of its pipes.
  struct Pipes {
    common::Fd said;
    common::Fd lifeline;
    common::Fd accepts;
    common::Fd news;
  };

  struct Ends {
    Pipes parent;  // reads
    Pipes worker;  // writes
  };

  /// None of the ends waits. Error: of pipe2(2).
  static common::Result<Ends> make_pipes();

  Report(Pipes pipes, std::set<std::string> silent)
      : pipes_(std::move(pipes)), silent_(std::move(silent)) {}

  /// It serves so many users, and heeds drain_signal and retire_signal. False: the parent has gone.
  [[nodiscard]] bool ready(const UserCount& found);

  /// None of its loops is stuck. Never waits.
  void alive();

  /// It cannot serve, for the reason that the line gives. Returns the exit status 1.
  int failed(std::string_view line);

  /// What ready() has written. Empty: it is something else, the line of failed().
  static std::optional<UserCount> read_ready(std::string_view said);

  /// For hold_lifeline(): until all copies of it are closed, the worker lives.
  common::Fd take_lifeline() { return std::move(pipes_.lifeline); }

  /// To be closed with the listener: until then the parent takes it that the worker accepts.
  common::Fd take_accepts() { return std::move(pipes_.accepts); }

  /// For Scout::start(): where it tells the parent what does not answer, and what it need not ask.
  common::Fd take_news() { return std::move(pipes_.news); }
  const std::set<std::string>& silent() const { return silent_; }

 private:
  bool say(std::string_view text);

  Pipes pipes_;
  std::set<std::string> silent_;
};

}  // namespace finger
