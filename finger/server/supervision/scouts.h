#pragma once

#include <poll.h>

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/fd.h"

namespace finger {

/// What the scouts tell that still wait for an answer. One may outlive the worker that it was made
/// for.
class Scouts {
 public:
  void add(common::Fd news) { scouts_.push_back({.news = std::move(news), .silent = {}}); }
  void clear() { scouts_.clear(); }

  /// Adds what is to be watched.
  void watch(std::vector<pollfd>& watched) const;

  /// Reads what was written; `watched` begins with what watch() has added. Whether something has
  /// answered that workers should know of.
  bool read(const pollfd* watched);

  /// The directories that have not answered.
  std::set<std::string> silent() const;

 private:
  struct Scout {
    common::Fd news;
    std::set<std::string> silent;
  };

  static bool read(Scout& scout);

  std::vector<Scout> scouts_;
};

}  // namespace finger
