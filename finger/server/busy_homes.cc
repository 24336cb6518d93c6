#include "finger/server/busy_homes.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <new>

namespace finger {

using common::Clock;

common::Result<BusyHomes> BusyHomes::create() {
  void* const memory =
      ::mmap(nullptr, sizeof(Table), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return common::last_error();
  return BusyHomes(static_cast<Table*>(memory));  // zeros: none is in use
}

void BusyHomes::Unmap::operator()(Table* table) const { (void)::munmap(table, sizeof(Table)); }

BusyHomes::Mark::~Mark() {
  if (entry_ != nullptr) entry_->process = 0;
}

/// Two that mark the same home at the same time each see the other's entry, since each has made its
/// own before it looks: then the first in the table stays.
std::optional<BusyHomes::Mark> BusyHomes::try_mark(std::string_view login, pid_t process,
                                                   Clock::time_point now) {
  Entry* const own = take_free_entry(process);
  if (own == nullptr) return std::nullopt;
  Mark mark(*own);
  const auto kept = login.substr(0, login_bytes_max - 1);
  own->login.fill('\0');
  std::ranges::copy(kept, own->login.begin());
  own->since = now.time_since_epoch().count();
  own->hash = std::hash<std::string_view>()(login);
  own->process = process;
  for (std::size_t i = 0; i < table_->used; ++i) {
    Entry& other = table_->entries[i];
    if (&other == own || other.process <= 0 || other.hash != own->hash) continue;
    if (!other.is_in_the_way_of(process, now)) continue;
    if (other.has_ended()) {
      other.process = 0;
    } else if (&other < own || other.since < own->since) {
      return std::nullopt;
    }
  }
  return mark;
}

BusyHomes::Entry* BusyHomes::take_free_entry(pid_t process) {
  for (std::size_t i = 0; i < homes_max; ++i) {
    pid_t none = 0;
    Entry& entry = table_->entries[i];
    if (!entry.process.compare_exchange_strong(none, -process)) continue;
    std::size_t used = table_->used;
    while (used <= i && !table_->used.compare_exchange_weak(used, i + 1)) continue;
    return &entry;
  }
  return nullptr;
}

bool BusyHomes::Entry::is_in_the_way_of(pid_t other, Clock::time_point now) const {
  return process != other || Clock::time_point(Clock::duration(since)) < now - patience_with_others;
}

/// One that was killed and has not ended still exists.
bool BusyHomes::Entry::has_ended() const {
  return ::kill(std::abs(process), 0) < 0 && errno == ESRCH;
}

BusyHomes::Silent BusyHomes::silent(Clock::time_point now) const {
  Silent found;
  auto longest = (now - patience).time_since_epoch().count();
  for (std::size_t i = 0; i < table_->used; ++i) {
    const Entry& entry = table_->entries[i];
    const auto since = entry.since.load();
    if (entry.process <= 0 || since > (now - patience).time_since_epoch().count()) continue;
    if (entry.has_ended()) continue;
    ++found.count;
    if (since > longest) continue;
    longest = since;
    found.longest = entry.login.data();
  }
  return found;
}

bool BusyHomes::empty() const {
  for (std::size_t i = 0; i < table_->used; ++i) {
    const Entry& entry = table_->entries[i];
    if (entry.process > 0 && !entry.has_ended()) return false;
  }
  return true;
}

}  // namespace finger
