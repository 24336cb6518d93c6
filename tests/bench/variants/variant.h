#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What no stage does, measured alone with the kernel. One program has several variants:
/// `variants NAME word=value…` prints the numbers of one as a line of JSON. It ends where a system
/// call fails, or a word is missing.
namespace variants {

/// The words after the name.
class Words {
 public:
  explicit Words(std::map<std::string, std::string, std::less<>> words)
      : words_(std::move(words)) {}

  const std::string& text(std::string_view name) const;
  std::uint32_t number(std::string_view name) const;

 private:
  std::map<std::string, std::string, std::less<>> words_;
};

using Numbers = std::vector<std::pair<std::string_view, double>>;

/// Makes one known by its name.
struct Variant {
  Variant(std::string_view name, Numbers (*run)(const Words&));
};

/// CPU time of the calling thread.
std::chrono::nanoseconds thread_cpu_time();

/// `result`, if it is not negative. Else ends the process with one line, which names `what` failed.
std::int64_t check(std::int64_t result, const char* what);

inline double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace variants
