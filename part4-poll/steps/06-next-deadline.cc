// One poll(2) serves any number of deadlines: it waits until the earliest. Its timeout is in
// milliseconds. BROKEN: round down, and the last millisecond becomes "do not wait", so the loop
// spins through it. Fixed: round up.
// Try it: ./06-next-deadline

#include <poll.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

int rounded_down(Clock::duration left) {
  return left <= 0s ? 0 : static_cast<int>(std::chrono::floor<milliseconds>(left).count());
}

int rounded_up(Clock::duration left) {
  return left <= 0s ? 0 : static_cast<int>(std::chrono::ceil<milliseconds>(left).count());
}

void run(const char* title, int (*timeout_ms)(Clock::duration)) {
  const auto start = Clock::now();
  std::map<Clock::time_point, char> deadlines;  // sorted: the earliest is first
  deadlines = {{start + 9900us, 'a'}, {start + 3900us, 'b'}, {start + 6900us, 'c'}};
  std::string order;
  int too_early = 0;
  while (!deadlines.empty()) {
    const auto earliest = deadlines.begin();
    if (poll(nullptr, 0, timeout_ms(earliest->first - Clock::now())) < 0) {
      std::perror("poll");
      std::exit(1);
    }
    if (Clock::now() < earliest->first) {
      ++too_early;
    } else {
      order += earliest->second;
      deadlines.erase(earliest);
    }
  }
  std::printf("%-12s  fired %s, %d wake-ups before anything was due\n", title, order.c_str(),
              too_early);
}

}  // namespace

int main() {
  for (const auto left : {2500us, 400us, 0us, -70us}) {
    std::printf("%5d us left: wait %d ms rounded down, %d ms rounded up\n",
                static_cast<int>(left.count()), rounded_down(left), rounded_up(left));
  }
  run("rounded down", rounded_down);
  run("rounded up", rounded_up);
}
