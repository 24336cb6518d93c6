// What one may do with latencies. A mean describes no single answer, and a mean of percentiles is
// not a percentile; but histograms add up, those of many clients, or of many seconds. The buckets
// of this one grow with their values: it knows any value to within 1/16, in 4 KB. The latencies are
// made up, and the same in each run.
// Try it: ./04-histogram

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <random>
#include <vector>

namespace {

/// Below 32 every value has a bucket of its own; above, each power of two has 16.
struct Histogram {
  std::vector<std::uint32_t> counts = std::vector<std::uint32_t>(16 * 61);

  void add(std::uint64_t value) {
    const auto shift =
        static_cast<std::size_t>(std::bit_width(std::max(value, std::uint64_t{16})) - 5);
    ++counts[shift * 16 + (value >> shift)];
  }

  std::uint64_t quantile(double share) const {
    const std::uint64_t all = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
    if (all == 0) return 0;
    const auto before = static_cast<std::uint64_t>(share * static_cast<double>(all));
    const std::uint64_t rank = std::min(before, all - 1);  // of 1: the largest
    std::size_t bucket = 0;
    std::uint64_t seen = counts[0];  // in the buckets up to this one
    while (seen <= rank) {
      ++bucket;
      seen += counts[bucket];
    }
    const std::size_t shift = bucket < 32 ? 0 : bucket / 16 - 1;
    return (bucket - shift * 16) << shift;  // the least value that the bucket holds
  }
};

}  // namespace

int main() {
  std::mt19937 dice(15);  // throws the same numbers everywhere
  std::vector<std::uint64_t> all;
  Histogram merged;
  std::uint64_t sum_of_p99 = 0;
  for (int second = 0; second < 10; ++second) {
    Histogram one;
    for (int i = 0; i < 10'000; ++i) {
      all.push_back(80 + dice() % 40 + (second == 7 && i < 3000 ? 200'000 : 0));
      one.add(all.back());
    }
    for (std::size_t i = 0; i < one.counts.size(); ++i) merged.counts[i] += one.counts[i];
    std::sort(all.end() - 10'000, all.end());
    sum_of_p99 += all[all.size() - 100];
  }
  std::sort(all.begin(), all.end());
  std::printf("mean                %6.0f us\n", std::accumulate(all.begin(), all.end(), 0.0) / 1e5);
  std::printf("mean of ten p99     %6.0f us\n", static_cast<double>(sum_of_p99) / 10);
  for (const int percent : {50, 95, 99}) {
    const auto sorted = static_cast<double>(all[static_cast<std::size_t>(percent) * 1000]);
    const auto found = static_cast<double>(merged.quantile(percent / 100.0));
    std::printf("p%d, sorted         %6.0f us, from ten histograms %6.0f us\n", percent, sorted,
                found);
  }
}
