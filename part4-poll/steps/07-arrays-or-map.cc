// Two ways to get from a ready entry to what belongs to it: arrays in step with the poll set, or a
// hash map by descriptor. Counted: the allocations while 10,000 clients come, leave and come again.
// Try it: ./07-arrays-or-map

#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <unordered_map>
#include <vector>

int allocations = 0;

void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* const memory = std::malloc(bytes)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*bytes*/) noexcept { std::free(memory); }

using Token = std::uint64_t;
constexpr int clients = 10'000;

// [arrays]
struct Arrays {
  std::vector<pollfd> polled;
  std::vector<Token> tokens;  // tokens[i] belongs to polled[i]

  void add(int fd, Token token) {
    polled.push_back({fd, POLLIN, 0});
    tokens.push_back(token);
  }
  void remove_last() {
    polled.pop_back();
    tokens.pop_back();
  }
};
// [/arrays]

// [map]
struct Map {
  std::vector<pollfd> polled;
  std::unordered_map<int, Token> tokens;  // tokens[fd]

  void add(int fd, Token token) {
    polled.push_back({fd, POLLIN, 0});
    tokens.emplace(fd, token);
  }
  void remove_last() {
    tokens.erase(polled.back().fd);
    polled.pop_back();
  }
};
// [/map]

template <typename Set>
void run(const char* title) {
  Set set;
  std::printf("%-6s", title);
  for (int round = 0; round < 2; ++round) {
    const int before = allocations;
    for (int i = 0; i < clients; ++i) set.add(5 + i, static_cast<Token>(i));
    std::printf("  %17d", allocations - before);
    for (int i = 0; i < clients; ++i) set.remove_last();
  }
  std::puts("");
}

int main() {
  std::puts("allocations:    10,000 come   they come again");
  run<Arrays>("arrays");
  run<Map>("map");
}
