#include "finger/steps/machine/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace machine {

std::string_view name_of(State state) {
  constexpr std::array<std::string_view, states> names{
      "read_query",     "open_home",   "open_plan", "read_plan",
      "write_response", "write_error", "linger",    "closed"};
  return names[static_cast<std::size_t>(state)];
}

std::string_view name_of(Event event) {
  constexpr std::array<std::string_view, events> names{
      "accepted", "more",   "user",    "list",  "refused", "opened", "named",
      "no_plan",  "filled", "emptied", "ended", "failed",  "gone",   "overdue"};
  return names[static_cast<std::size_t>(event)];
}

std::string_view name_of(Action action) {
  constexpr std::array<std::string_view, 8> names{"receive", "open home",  "open plan", "read",
                                                  "send",    "end stream", "discard",   "close"};
  return names[static_cast<std::size_t>(action)];
}

std::string figure() {
  std::vector<std::pair<Transition, std::string>> arrows;
  for (const Transition& row : transitions) {
    const auto same = std::ranges::find_if(arrows, [&row](const auto& arrow) {
      return arrow.first.state == row.state && arrow.first.next == row.next &&
             arrow.first.action == row.action;
    });
    if (same == arrows.end()) {
      arrows.emplace_back(row, name_of(row.event));
    } else {
      same->second += fmt::format(", {}", name_of(row.event));
    }
  }
  const auto shown = [](State state) { return state == State::closed ? "[*]" : name_of(state); };
  std::string text = "stateDiagram-v2\n";
  for (const auto& [row, label] : arrows) {
    text += fmt::format("  {} --> {}: {} / {}\n", shown(row.state), shown(row.next), label,
                        name_of(row.action));
  }
  return text;
}

}  // namespace machine
