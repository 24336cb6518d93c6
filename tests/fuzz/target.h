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

/// Does something with the input and aborts where a promise is broken. The name is libFuzzer's:
/// clang++ -fsanitize=fuzzer makes a fuzzer of it that is guided by coverage.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace tests {

/// Inputs to start from: good ones, so that a small change of them gets far.
std::vector<std::string> seeds();

/// An input: its first byte says how the stream is sliced, the rest is the stream. Seeds are run
/// with every first byte.
struct FuzzInput {
  std::uint32_t slicing;
  std::string_view stream;
};

inline FuzzInput fuzz_input(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return {};
  return {data[0], {reinterpret_cast<const char*>(data) + 1, size - 1}};
}

/// Ends the program, for the fuzzer to see, unless both are the same.
template <typename Outcome>
void expect_same(const Outcome& got, const Outcome& expected, const char* sliced) {
  if (got == expected) return;
  std::fprintf(stderr, "read differently %s\n", sliced);
  std::abort();
}

/// The same for a stream that arrives in many ways: `read` takes slices.
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

/// Ends the program, for the fuzzer to see, where a promise is broken.
inline void require(bool kept) {
  if (!kept) std::abort();
}

}  // namespace tests
