// Finds the connection that an event is about, in three ways: the event carries a pointer; or a
// token, which leads to a slot of part 4's slab; or a number that a hash map knows. Of every 16
// connections one was closed after its event had been taken, and a new connection has its place:
// such an event must find none. Prints one line of JSON. Try it: ./lookups --map pointer   and
// ./lookups --map slab

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <string>
#include <unordered_map>

#include "common/loop/slab.h"
#include "common/server/duration.h"
#include "common/server/log.h"
#include "common/server/options.h"

namespace {

using common::Clock;
using common::Token;

struct Settings {
  std::string map = "slab";
  std::uint32_t connections = 1000;
  std::uint32_t rounds = 100;
};

/// As large as that of part 5, and with as little to do for an event as possible.
struct Connection {
  explicit Connection(std::uint64_t its_number) : number(its_number) {}
  std::uint64_t number;
  std::uint64_t messages = 0;
  std::array<std::byte, 208> rest{};
};

/// All three keep connections, know the value that goes through the kernel for each, and find it.
class Pointers {
 public:
  explicit Pointers(std::size_t size) { connections_.reserve(size); }
  std::uint64_t add(std::uint64_t number) {
    if (!free_.empty()) {  // where the one was that has been closed
      Connection* const place = free_.back();
      free_.pop_back();
      *place = Connection(number);
      return reinterpret_cast<std::uint64_t>(place);
    }
    return reinterpret_cast<std::uint64_t>(&connections_.emplace_back(number));
  }
  void close(std::uint64_t value) { free_.push_back(find(value)); }
  Connection* find(std::uint64_t value) { return reinterpret_cast<Connection*>(value); }

 private:
  std::vector<Connection> connections_;
  std::vector<Connection*> free_;
};

class Slots {
 public:
  explicit Slots(std::size_t) {}
  std::uint64_t add(std::uint64_t number) { return slab_.emplace(number).value(); }
  void close(std::uint64_t value) { slab_.erase(Token::from_value(value)); }
  Connection* find(std::uint64_t value) { return slab_.find(Token::from_value(value)); }

 private:
  common::Slab<Connection> slab_;
};

class Hashed {
 public:
  explicit Hashed(std::size_t) {}
  std::uint64_t add(std::uint64_t number) {
    map_.try_emplace(number, number);
    return number;
  }
  void close(std::uint64_t value) { map_.erase(value); }
  Connection* find(std::uint64_t value) {
    const auto found = map_.find(value);
    return found == map_.end() ? nullptr : &found->second;
  }

 private:
  std::unordered_map<std::uint64_t, Connection> map_;
};

common::Program program(Settings& settings) {
  const auto set_map = [&settings](std::string_view text) {
    settings.map = text;
    return text == "pointer" || text == "slab" || text == "hash";
  };
  return {
      .name = "lookups",
      .summary = "Measures three ways from an event to its connection.",
      .options = {
          {"--map", "HOW", "slab", "what leads there", "pointer, slab or hash", set_map},
          common::number_option("--connections", "N", "how many there are", settings.connections,
                                16, 1'000'000),
          common::number_option("--rounds", "N", "events of each", settings.rounds, 1, 1'000'000)}};
}

struct Event {
  std::uint64_t value;
  std::uint64_t number;
};

/// An event of each connection, in random order. Some were closed since.
template <typename Map>
std::vector<Event> events_of(Map& map, std::uint32_t connections) {
  std::vector<Event> events;
  std::uint64_t number = 0;
  for (; number < connections; ++number) events.push_back({map.add(number), number});
  std::shuffle(events.begin(), events.end(), std::minstd_rand(5882));
  for (std::size_t i = 0; i < events.size(); i += 16) {
    map.close(events[i].value);
    map.add(number++);
  }
  return events;
}

template <typename Map>
void measure(const Settings& settings) {
  Map map(settings.connections);
  const auto events = events_of(map, settings.connections);
  std::uint64_t own = 0, nobody = 0, stranger = 0;
  for (const Event& event : events) {
    const Connection* const found = map.find(event.value);
    ++(found == nullptr ? nobody : found->number == event.number ? own : stranger);
  }
  const auto begin = Clock::now();
  for (std::uint32_t round = 0; round < settings.rounds; ++round) {
    for (const Event& event : events) {
      if (Connection* const found = map.find(event.value)) ++found->messages;
    }
  }
  const auto seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  fmt::print(
      "{{\"events\": {}, \"seconds\": {:.9f}, \"own\": {}, \"nobody\": {}, \"stranger\": {}}}\n",
      events.size() * settings.rounds, seconds, own, nobody, stranger);
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  if (const auto status = common::parse_options(argc, argv, program(settings))) return *status;
  if (settings.map == "pointer") measure<Pointers>(settings);
  if (settings.map == "slab") measure<Slots>(settings);
  if (settings.map == "hash") measure<Hashed>(settings);
}
