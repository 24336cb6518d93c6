#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "slices.h"

/// Tries the input, and aborts if a promise is broken. libFuzzer wants this name; with
/// clang++ -fsanitize=fuzzer the target becomes a fuzzer that is guided by coverage.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace tests {

/// Inputs to start from. Most are valid, so that a small change gets far.
std::vector<std::string> seeds();

/// An input's first byte says how to slice the stream, which is the rest. Seeds are run with every
/// first byte.
struct FuzzInput {
  std::uint32_t slicing;
  std::string_view stream;
};

inline FuzzInput fuzz_input(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return {};
  return {data[0], {reinterpret_cast<const char*>(data) + 1, size - 1}};
}

/// Aborts, for the fuzzer to see, unless both outcomes are equal.
template <typename Outcome>
void expect_same(const Outcome& got, const Outcome& expected, const char* sliced) {
  if (got == expected) return;
  std::fprintf(stderr, "read differently %s\n", sliced);
  std::abort();
}

/// Expects `read`, which takes slices, to return the same for many slicings of the stream.
template <typename Read, typename Outcome>
void expect_same_in_slices(Read read, const FuzzInput& input, const Outcome& expected) {
  const auto& [slicing, stream] = input;
  expect_same(read(byte_by_byte(stream)), expected, "byte by byte");
  expect_same(read(cut_at(stream, std::min<std::size_t>(slicing, stream.size()))), expected,
              "cut in two");
  std::mt19937 random(slicing);
  expect_same(read(cut_at_random(stream, random, 5)), expected, "in small slices");
  expect_same(read(cut_at_random(stream, random, 500)), expected, "in slices");
}

/// Aborts, for the fuzzer to see, if a promise is broken.
inline void require(bool kept) {
  if (!kept) std::abort();
}

}  // namespace tests
