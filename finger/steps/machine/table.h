#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace machine {

/// What a client's one operation in the ring is for. A coroutine says the same by the line at which
/// it waits.
enum class State : std::uint8_t {
  read_query,
  open_home,
  open_plan,
  read_plan,
  write_response,
  write_error,
  linger,  ///< Our end of stream is sent; what still comes from the peer is discarded.
  closed,  ///< No operation is in flight: not yet, or the client is to be erased.
};

/// What the completion of that operation means.
enum class Event : std::uint8_t {
  accepted,
  more,     ///< Only a part is done: of a line, of a text; or it was interrupted.
  user,     ///< The line is complete and names a user.
  list,     ///< It asks for the list.
  refused,  ///< It is answered with an error.
  opened,
  named,    ///< Opened, and the user's name goes in front of the plan.
  no_plan,  ///< There is none that an unknown client may read.
  filled,   ///< There are bytes to send.
  emptied,  ///< All of them are sent, and the plan goes on.
  ended,    ///< The last byte is sent; or the peer's end of stream has come.
  failed,   ///< An internal failure, of which the peer is told nothing.
  gone,     ///< The peer has left.
  overdue,  ///< The deadline has passed, or we stop before the query is whole.
};

/// What follows: an operation is prepared, which the new state waits for.
enum class Action : std::uint8_t {
  receive,
  open_home,
  open_plan,
  read,
  send,
  end_stream,  ///< Shuts down our side, then discards.
  discard,
  close,
};

struct Transition {
  State state;
  Event event;
  State next;
  Action action;
};

// [table]
inline constexpr auto transitions = std::to_array<Transition>({
    {State::closed, Event::accepted, State::read_query, Action::receive},

    {State::read_query, Event::more, State::read_query, Action::receive},
    {State::read_query, Event::user, State::open_home, Action::open_home},
    {State::read_query, Event::list, State::write_response, Action::send},
    {State::read_query, Event::refused, State::write_error, Action::send},
    {State::read_query, Event::gone, State::closed, Action::close},
    {State::read_query, Event::overdue, State::closed, Action::close},

    {State::open_home, Event::more, State::open_home, Action::open_home},
    {State::open_home, Event::opened, State::open_plan, Action::open_plan},
    {State::open_home, Event::no_plan, State::write_response, Action::send},
    {State::open_home, Event::failed, State::linger, Action::end_stream},
    {State::open_home, Event::overdue, State::closed, Action::close},

    {State::open_plan, Event::more, State::open_plan, Action::open_plan},
    {State::open_plan, Event::opened, State::read_plan, Action::read},
    {State::open_plan, Event::named, State::write_response, Action::send},
    {State::open_plan, Event::no_plan, State::write_response, Action::send},
    {State::open_plan, Event::failed, State::linger, Action::end_stream},
    {State::open_plan, Event::overdue, State::closed, Action::close},

    {State::read_plan, Event::more, State::read_plan, Action::read},
    {State::read_plan, Event::filled, State::write_response, Action::send},
    {State::read_plan, Event::ended, State::linger, Action::end_stream},
    {State::read_plan, Event::no_plan, State::write_response, Action::send},
    {State::read_plan, Event::failed, State::linger, Action::end_stream},
    {State::read_plan, Event::overdue, State::closed, Action::close},

    {State::write_response, Event::more, State::write_response, Action::send},
    {State::write_response, Event::emptied, State::read_plan, Action::read},
    {State::write_response, Event::ended, State::linger, Action::end_stream},
    {State::write_response, Event::gone, State::closed, Action::close},
    {State::write_response, Event::overdue, State::closed, Action::close},

    {State::write_error, Event::more, State::write_error, Action::send},
    {State::write_error, Event::ended, State::linger, Action::end_stream},
    {State::write_error, Event::gone, State::closed, Action::close},
    {State::write_error, Event::overdue, State::closed, Action::close},

    {State::linger, Event::more, State::linger, Action::discard},
    {State::linger, Event::ended, State::closed, Action::close},
    {State::linger, Event::gone, State::closed, Action::close},
    {State::linger, Event::overdue, State::closed, Action::close},
});
// [/table]

inline constexpr std::size_t states = static_cast<std::size_t>(State::closed) + 1;
inline constexpr std::size_t events = static_cast<std::size_t>(Event::overdue) + 1;

/// The index of the row for this state and event; transitions.size(): there is none.
constexpr std::size_t row_of(State state, Event event) {
  constexpr auto rows = [] {
    std::array<std::array<std::size_t, events>, states> found{};
    for (auto& of_state : found) of_state.fill(transitions.size());
    for (std::size_t i = 0; i < transitions.size(); ++i) {
      const Transition& row = transitions[i];
      found[static_cast<std::size_t>(row.state)][static_cast<std::size_t>(row.event)] = i;
    }
    return found;
  }();
  return rows[static_cast<std::size_t>(state)][static_cast<std::size_t>(event)];
}

/// The row for this state and event. nullptr would be a bug: the decoder of a state makes no event
/// that has no row.
constexpr const Transition* find(State state, Event event) {
  const std::size_t row = row_of(state, event);
  return row == transitions.size() ? nullptr : &transitions[row];
}

// A forgotten row would leave a client waiting for ever.
constexpr bool no_pair_has_two_rows() {
  for (std::size_t i = 0; i < transitions.size(); ++i) {
    if (row_of(transitions[i].state, transitions[i].event) != i) return false;
  }
  return true;
}
static_assert(no_pair_has_two_rows(), "a state and an event have two rows");
// [deadline]
static_assert(std::ranges::all_of(transitions,
                                  [](const Transition& row) {
                                    return row.next == State::closed ||
                                           row_of(row.next, Event::overdue) != transitions.size();
                                  }),
              "a state has no deadline");
// [/deadline]
static_assert(std::ranges::all_of(transitions,
                                  [](const Transition& row) {
                                    return (row.next == State::closed) ==
                                           (row.action == Action::close);
                                  }),
              "an operation is in flight in every state but closed");

std::string_view name_of(State state);
std::string_view name_of(Event event);
std::string_view name_of(Action action);

/// The table as a figure: a Mermaid state diagram, with an arrow for all rows that lead from one
/// state to another by the same action.
std::string figure();

}  // namespace machine
