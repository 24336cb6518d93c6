#pragma once

#include <poll.h>

#include <chrono>
#include <expected>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/fd.h"
#include "finger/accounts/accounts.h"
#include "finger/server/rights/landlock.h"

namespace finger {

/// Looks for the directories that hold homes, and permits reading beneath them, in a process of its
/// own. Where a file server is dead, a look at one of its directories does not end, perhaps for
/// days, and until then not even SIGKILL ends the process that looks.
///
///     const HomeFence fence;
///     auto scout = Scout::start(fence, std::move(news), silent);
///     …                                  // reads the accounts
///     scout->look_for(accounts);         // takes patience at most
///     fence.put_up();
///
/// What has not answered in that time is left out. The process goes on waiting for it, and says so
/// in the log and on a pipe, and once more when it has answered: a line each, with a sign in front.
class Scout {
 public:
  /// For all homes together.
  static constexpr auto patience = std::chrono::seconds(2);

  static constexpr char is_silent = '-';
  static constexpr char has_answered = '+';  ///< And there is something to be permitted.
  static constexpr char is_nothing = '=';    ///< It has answered, and there is not.

  /// Makes the process. At `silent` another scout is looking already: so those are left out, and
  /// nobody asks twice what does not answer. Only in a process with one thread. Error: a line.
  static std::expected<Scout, std::string> start(const HomeFence& fence, common::Fd news,
                                                 const std::set<std::string>& silent);

  /// Returns when it has looked for these accounts' homes.
  void look_for(const Accounts& accounts);

 private:
  explicit Scout(common::Fd process) : process_(std::move(process)) {}

  common::Fd process_;
};

/// What the scouts tell that still wait for an answer. One may outlive the worker that it was made
/// for.
class Scouts {
 public:
  void add(common::Fd news) { scouts_.push_back({.news = std::move(news), .silent = {}}); }

  /// Adds what is to be watched.
  void watch(std::vector<pollfd>& watched) const;

  /// Reads what was written; `watched` begins with what watch() has added. Whether something has
  /// answered that workers should know of.
  bool read(const pollfd* watched);

  /// The directories that have not answered.
  std::set<std::string> silent() const;

 private:
  struct Watched {
    common::Fd news;
    std::set<std::string> silent;
  };

  static bool read(Watched& scout);

  std::vector<Watched> scouts_;
};

}  // namespace finger
