// Two guides take visitors from room to room. In the end all visitors should be somewhere.
// Try it, more than once: build/default/tests/exercises/given_e4_2

#include <array>
#include <cstdio>
#include <mutex>
#include <random>
#include <thread>

namespace {

struct Room {
  std::mutex mutex;
  long visitors = 1000;
};

std::array<Room, 4> rooms;

void walk(Room& from, Room& to) {
  const std::scoped_lock leaving(from.mutex);
  const std::scoped_lock entering(to.mutex);
  if (from.visitors == 0) return;
  --from.visitors;
  ++to.visitors;
}

void guide(unsigned seed) {
  std::minstd_rand next(seed);
  for (int i = 0; i < 200'000; ++i)
    walk(rooms[next() % rooms.size()], rooms[next() % rooms.size()]);
}

}  // namespace

int main() {
  std::thread one(guide, 1);
  std::thread two(guide, 2);
  one.join();
  two.join();
  long visitors = 0;
  for (const Room& room : rooms) visitors += room.visitors;
  std::printf("%ld visitors\n", visitors);
}
