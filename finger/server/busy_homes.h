#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/result.h"
#include "common/server/duration.h"

namespace finger {

/// The homes in which an operation is in flight, of all processes that one start of the daemon
/// makes: a worker whose last operation does not end is there for as long as it does not, and those
/// after it ask nothing in that home. The log and the metrics tell which.
///
/// It is memory that the processes share. None keeps another from going on: what a process that
/// has ended leaves in it is found out when it is in the way, and what an attacker has written
/// leads nowhere else. But it may say that a home is busy, until the process that it names has
/// ended, or the parent says that this is no worker.
class BusyHomes {
  static constexpr std::size_t login_bytes_max = 64;

  /// One that is free has no process. While it is filled in, the process's id is negative.
  struct Entry {
    std::string login_text() const;
    bool is_in_the_way_of(pid_t other, common::Clock::time_point now) const;

    std::atomic<pid_t> process;
    std::atomic<common::Clock::rep> since;
    std::atomic<std::uint64_t> hash;  ///< Of the login.
    std::array<char, login_bytes_max> login;
  };

 public:
  /// A home that takes longer than this does not answer.
  static constexpr auto patience = std::chrono::seconds(2);

  /// Loops of one process are at work in a home at the same time, as a rule. If another's operation
  /// takes longer than this, it is waited for.
  static constexpr auto patience_with_others = std::chrono::milliseconds(100);

  static constexpr std::size_t homes_max = 4096;

  /// For this process and those that it forks. Error: of mmap(2).
  static common::Result<BusyHomes> create();

  struct Free {
    void operator()(Entry* entry) const { entry->process = 0; }
  };

  /// A home is busy as long as this exists.
  using Mark = std::unique_ptr<Entry, Free>;

  /// By the process with this id, which is the caller's. nullopt: it is busy, and must not be asked
  /// as well. While homes_max are busy, no other is marked, and whether it is busy is not known.
  std::optional<Mark> try_mark(std::string_view login, pid_t process,
                               common::Clock::time_point now);

  /// No home is busy any more by a process that is not one of these: it was never at work there.
  void free_all_but(std::span<const pid_t> processes);

  struct Silent {
    std::size_t count = 0;
    std::string longest;  ///< The login whose home has not answered for the longest time.
  };
  Silent silent(common::Clock::time_point now) const;

  /// Whether none is busy.
  bool empty() const;

 private:
  struct Table {
    std::span<Entry> in_use();

    std::atomic<std::size_t> used;  ///< No entry from here on ever was.
    std::array<Entry, homes_max> entries;
  };
  struct Unmap {
    void operator()(Table* table) const;
  };

  explicit BusyHomes(Table* table) : table_(table) {}
  Entry* take_free_entry(pid_t process);
  Entry* take_entry(pid_t process, bool (*is_free)(pid_t));

  std::unique_ptr<Table, Unmap> table_;
};

}  // namespace finger
