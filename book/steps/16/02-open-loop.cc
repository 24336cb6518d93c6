// Messages come when they come, whether the last one was answered or not, as people come to a shop.
// The server takes 2 ms for each answer, so 500 a second is its limit. What happens short of the
// limit depends on how they come: at equal distances, or at random. Beyond it there is no latency,
// only a queue that grows for as long as one looks. No clock and no thread: the time is calculated,
// and the same on every machine.
// Try it: ./02-open-loop

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

namespace {

constexpr double work_ms = 2;
constexpr double seconds = 1000;

enum class Arrivals { evenly, at_random };

std::vector<double> latencies(double per_second, double duration, Arrivals arrivals) {
  const double gap_ms = 1000 / per_second;
  std::mt19937 dice;  // always the same throws
  std::vector<double> found;
  double due = 0;
  double done = 0;  // when the server has answered all earlier ones
  while (due < duration * 1000) {
    done = std::max(due, done) + work_ms;
    found.push_back(done - due);
    const double chance = std::generate_canonical<double, 32>(dice);
    due += arrivals == Arrivals::evenly ? gap_ms : gap_ms * -std::log1p(-chance);
  }
  std::sort(found.begin(), found.end());
  return found;
}

double percentile(const std::vector<double>& sorted, std::size_t percent) {
  return sorted[sorted.size() * percent / 100];
}

}  // namespace

int main() {
  std::printf("a second  busy  evenly, p99  at random, p50  at random, p99\n");
  for (const int rate : {100, 200, 300, 400, 425, 450, 475, 490}) {
    const auto evenly = latencies(rate, seconds, Arrivals::evenly);
    const auto random = latencies(rate, seconds, Arrivals::at_random);
    std::printf("%8d %3.0f %% %9.1f ms %12.1f ms %12.1f ms\n", rate, rate * work_ms / 10,
                percentile(evenly, 99), percentile(random, 50), percentile(random, 99));
  }
  for (const double duration : {0.5, 1.0, 2.0}) {
    const auto evenly = latencies(1000, duration, Arrivals::evenly);
    std::printf("1000 for %.1f s, evenly, p99: %6.1f ms\n", duration, percentile(evenly, 99));
  }
}
