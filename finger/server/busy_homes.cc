#include "finger/server/busy_homes.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <limits>

namespace finger {

using common::Clock;

namespace {

/// One that was killed and has not ended still exists. What is no process's id counts as ended.
bool has_ended(pid_t id) {
  if (id == std::numeric_limits<pid_t>::min()) return true;
  return ::kill(std::abs(id), 0) < 0 && errno == ESRCH;
}

}  // namespace

common::Result<BusyHomes> BusyHomes::create() {
  void* const memory =
      ::mmap(nullptr, sizeof(Table), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return common::last_error();
  return BusyHomes(static_cast<Table*>(memory));  // zeros: none is in use
}

void BusyHomes::Unmap::operator()(Table* table) const { (void)::munmap(table, sizeof(Table)); }

/// Two that mark the same home at the same time each see the other's entry, since each has made its
/// own before it looks: then the first in the table stays.
std::optional<BusyHomes::Mark> BusyHomes::try_mark(std::string_view login, pid_t process,
                                                   Clock::time_point now) {
  Entry* const own = take_free_entry(process);
  if (own == nullptr) return Mark();
  Mark mark(own);
  const auto kept = login.substr(0, login_bytes_max - 1);
  own->login.fill('\0');
  std::ranges::copy(kept, own->login.begin());
  own->since = now.time_since_epoch().count();
  own->hash = std::hash<std::string_view>()(login);
  own->process = process;
  for (Entry& other : table_->in_use()) {
    pid_t id = other.process;
    if (&other == own || id <= 0 || other.hash != own->hash) continue;
    if (!other.is_in_the_way_of(process, now)) continue;
    if (has_ended(id)) {
      // Only if it is that process's still: another may have taken the entry for a home of its own.
      (void)other.process.compare_exchange_strong(id, 0);
    } else if (&other < own || other.since < own->since) {
      return std::nullopt;
    }
  }
  return mark;
}

void BusyHomes::free_all_but(std::span<const pid_t> processes) {
  for (Entry& entry : table_->entries) {  // also where `used` says that there are fewer
    pid_t id = entry.process;
    const bool is_known = std::ranges::any_of(
        processes, [id](pid_t process) { return id == process || id == -process; });
    // Only if it is that process's still: a worker may have taken the entry meanwhile.
    if (id != 0 && !is_known) (void)entry.process.compare_exchange_strong(id, 0);
  }
}

/// One that nobody has, else one that a process had which has ended, if there is any.
BusyHomes::Entry* BusyHomes::take_free_entry(pid_t process) {
  Entry* const free = take_entry(process, [](pid_t id) { return id == 0; });
  return free != nullptr ? free : take_entry(process, has_ended);
}

BusyHomes::Entry* BusyHomes::take_entry(pid_t process, bool (*is_free)(pid_t)) {
  for (std::size_t i = 0; i < homes_max; ++i) {
    Entry& entry = table_->entries[i];
    pid_t before = entry.process;
    if (!is_free(before) || !entry.process.compare_exchange_strong(before, -process)) continue;
    std::size_t used = table_->used;
    while (used <= i && !table_->used.compare_exchange_weak(used, i + 1)) continue;
    return &entry;
  }
  return nullptr;
}

bool BusyHomes::Entry::is_in_the_way_of(pid_t other, Clock::time_point now) const {
  return process != other || Clock::time_point(Clock::duration(since)) < now - patience_with_others;
}

/// The text is not trusted to have an end.
std::string BusyHomes::Entry::login_text() const {
  return {login.begin(), std::ranges::find(login, '\0')};
}

std::span<BusyHomes::Entry> BusyHomes::Table::in_use() {
  return std::span(entries).first(std::min<std::size_t>(used, homes_max));
}

BusyHomes::Silent BusyHomes::silent(Clock::time_point now) const {
  Silent found;
  const auto late = (now - patience).time_since_epoch().count();
  auto longest = late;
  for (const Entry& entry : table_->in_use()) {
    const auto since = entry.since.load();
    if (entry.process <= 0 || since > late || has_ended(entry.process)) continue;
    ++found.count;
    if (since > longest) continue;
    longest = since;
    found.longest = entry.login_text();
  }
  return found;
}

bool BusyHomes::empty() const {
  for (const Entry& entry : table_->in_use()) {
    if (const pid_t id = entry.process; id > 0 && !has_ended(id)) return false;
  }
  return true;
}

}  // namespace finger
