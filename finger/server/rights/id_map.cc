#include "finger/server/rights/id_map.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

namespace finger {

IdMap::IdMap(const std::string& text) {
  std::istringstream words(text);
  std::uint64_t inside = 0;
  std::uint64_t outside = 0;
  std::uint64_t count = 0;
  while (words >> inside >> outside >> count) {
    if (count == 0 || count > largest_id + 1 || inside > largest_id) continue;
    ranges_.push_back({inside, std::min(inside + count - 1, largest_id)});
  }
  if (ranges_.empty()) ranges_.push_back({0, largest_id});
}

IdMap IdMap::read(const std::string& file) {
  std::ifstream stream(file);
  return IdMap(std::string(std::istreambuf_iterator<char>(stream), {}));
}

bool IdMap::has(std::uint32_t id) const {
  return std::ranges::any_of(
      ranges_, [id](const Range& range) { return range.first <= id && id <= range.last; });
}

std::optional<std::uint32_t> IdMap::unused(std::uint32_t ours, const Accounts& accounts,
                                           std::uint32_t Account::*id) const {
  std::set<std::uint64_t> used{0, ours};
  for (const Account& account : accounts.all()) used.insert(account.*id);
  std::uint64_t found = 0;
  for (const Range& range : ranges_) {
    std::uint64_t free = range.last;
    while (free > range.first && used.contains(free)) --free;
    if (!used.contains(free)) found = std::max(found, free);
  }
  if (found == 0) return std::nullopt;
  return static_cast<std::uint32_t>(found);
}

}  // namespace finger
