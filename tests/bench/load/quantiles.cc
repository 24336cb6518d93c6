// Reads whole numbers, one a line, and prints the 0.5, 0.99, 0.999 and 1.0 quantile as the load
// generator would tell them: for a test that sorts the same numbers.

#include <fmt/format.h>

#include <cstdint>
#include <iostream>

#include "load/histogram.h"

int main() {
  load::Histogram histogram;
  std::uint64_t value = 0;
  while (std::cin >> value) histogram.add(value);
  for (const double share : {0.5, 0.99, 0.999, 1.0}) {
    fmt::print("{}\n", histogram.quantile(share));
  }
}
