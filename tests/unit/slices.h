#pragma once

#include <cstddef>
#include <random>
#include <string_view>
#include <vector>

namespace tests {

/// A stream in the pieces in which it arrives.
using Slices = std::vector<std::string_view>;

inline Slices whole(std::string_view stream) { return {stream}; }

inline Slices cut_at(std::string_view stream, std::size_t at) {
  return {stream.substr(0, at), stream.substr(at)};
}

inline Slices in_pieces_of(std::size_t size, std::string_view stream) {
  Slices slices;
  for (std::size_t at = 0; at < stream.size(); at += size)
    slices.push_back(stream.substr(at, size));
  return slices;
}

inline Slices byte_by_byte(std::string_view stream) { return in_pieces_of(1, stream); }

inline Slices cut_at_random(std::string_view stream, std::mt19937& random, std::size_t size_max) {
  Slices slices;
  std::uniform_int_distribution<std::size_t> size(1, size_max);
  while (!stream.empty()) {
    slices.push_back(stream.substr(0, size(random)));
    stream.remove_prefix(slices.back().size());
  }
  return slices;
}

}  // namespace tests
