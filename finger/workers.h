#pragma once

#include <atomic>
#include <cstddef>
#include <expected>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "common/fd.h"
#include "finger/options.h"
#include "finger/served.h"
#include "finger/server.h"

namespace finger {

/// The daemon without its signals: servers, a thread and a ring each, which share the listener and
/// all limits.
///
///     auto workers = Workers::create(options, std::move(listener), *served, prepare);
///     if (!workers) { … workers.error() is a line that says why … }
///     …                        // every ring is made and prepared: rights can be given up for good
///     (*workers)->run();       // until somebody calls stop()
class Workers {
 public:
  /// Makes the servers, each in its own thread, the first in the calling one, which must call
  /// run(). `listener` is non-blocking; `served` is from load_served(). What `prepare` is for:
  /// see PrepareRing. Error: a line that says what is missing, and what to do about it.
  static std::expected<std::unique_ptr<Workers>, std::string> create(const Options& options,
                                                                     common::Fd listener,
                                                                     ServedPointer served,
                                                                     PrepareRing prepare = {});
  ~Workers();

  /// Serves until stop() or retire() is called. Once. Returns the exit status: 1 when one of the
  /// servers has failed, which it says on stderr, and which stops the others through the
  /// common::StopHandler.
  int run();

  /// Ends run() in good order. From any thread, and from a signal handler.
  void stop();

  /// Accepts nobody any more, and ends run() when all who were accepted are served. Likewise.
  void retire();

  /// Loads anew who is served, and if that fails keeps those who are; says so in a line. It may
  /// take long, and belongs in a thread of its own. Not for workers with a `prepare`: who was not
  /// there when the rings were prepared has no credentials in them.
  void reload();

 private:
  enum class State { creating, running, given_up };

  Workers(const Options& options, common::Fd listener, common::Fd users, ServedPointer served,
          PrepareRing prepare);
  std::string start_all();
  std::unique_ptr<Server> create_server(std::size_t i);
  void work(std::size_t i);
  void give_up(std::error_code error);
  void wake_all();

  const Options& options_;
  const PrepareRing prepare_;
  Shared shared_;
  std::vector<common::Fd> wakes_;
  std::vector<std::string> complaints_;  ///< Why a server could not be made; empty: it was.
  std::optional<std::latch> created_;    ///< All have tried to make their server.
  std::unique_ptr<Server> first_;
  std::atomic<State> state_ = State::creating;
  std::atomic<bool> failed_ = false;
  std::vector<std::jthread> threads_;  ///< Of the others. Joined before the rest goes.
};

}  // namespace finger
