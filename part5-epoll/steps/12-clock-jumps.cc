// The time of day can be set, by hand or by NTP. BROKEN: deadlines in system_clock: a client is
// closed too soon, or an hour late. Fixed: steady_clock, which cannot be set. Setting the clock
// takes root, so here the clocks are made up.
// Try it: ./12-clock-jumps

#include <chrono>
#include <cstdio>

namespace {

/// Two clocks of one machine. Ten seconds after its start, the time of day is set.
struct Machine {
  int jump_s;
  int running_s = 0;

  int steady_s() const { return running_s; }
  int system_s() const { return running_s < 10 ? running_s : running_s + jump_s; }
};

/// How long a silent client stays connected. The timeout is 60 s.
int connected_s(Machine machine, int (Machine::*now_s)() const) {
  const int deadline_s = (machine.*now_s)() + 60;
  while ((machine.*now_s)() < deadline_s) ++machine.running_s;
  return machine.running_s;
}

}  // namespace

int main() {
  static_assert(std::chrono::steady_clock::is_steady && !std::chrono::system_clock::is_steady);
  for (const int jump_s : {0, 3600, -3600}) {
    const Machine machine{jump_s};
    std::printf("time of day set by %5d s: closed after %4d s (broken), %2d s (fixed)\n", jump_s,
                connected_s(machine, &Machine::system_s), connected_s(machine, &Machine::steady_s));
  }
}
