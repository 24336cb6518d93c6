#include "uring/setup.h"

#include <bit>
#include <charconv>

namespace uring {
namespace {

template <typename T>
bool set_number(std::string_view text, T smallest, T largest, T& target) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  if (number < smallest || number > largest) return false;
  target = number;
  return true;
}

bool apply(std::string_view word, Setup& setup) {
  if (word == "sqpoll") return setup.sqpoll = true;
  if (word == "check-memory") return setup.check_memory = true;

  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos) return false;
  const auto key = word.substr(0, equals);
  const auto value = word.substr(equals + 1);
  if (key == "entries") {
    return set_number(value, Setup::entries_min, Setup::entries_max, setup.entries);
  }
  if (key == "completions") {
    return set_number(value, std::uint32_t{1}, Setup::completions_max, setup.completions);
  }
  if (key == "buffers") {
    return set_number(value, std::uint32_t{1}, Setup::buffers_max, setup.buffers) &&
           std::has_single_bit(setup.buffers);  // the kernel masks an index with it
  }
  if (key == "buffer-bytes") {
    return set_number(value, std::size_t{1}, Setup::buffer_bytes_max, setup.buffer_bytes);
  }
  return false;
}

}  // namespace

Result<Setup> Setup::parse(std::string_view list) {
  Setup setup;
  while (!list.empty()) {
    const auto word = list.substr(0, list.find(','));
    if (!apply(word, setup)) {
      return std::unexpected(std::make_error_code(std::errc::invalid_argument));
    }
    list.remove_prefix(word.size());
    if (list == ",") return std::unexpected(std::make_error_code(std::errc::invalid_argument));
    if (!list.empty()) list.remove_prefix(1);
  }
  return setup;
}

std::string setup_syntax() {
  using std::to_string;
  return "a list of entries=N (" + to_string(Setup::entries_min) + " to " +
         to_string(Setup::entries_max) + "), completions=N (1 to " +
         to_string(Setup::completions_max) + "), buffers=N (a power of two up to " +
         to_string(Setup::buffers_max) + "), buffer-bytes=N (1 to " +
         to_string(Setup::buffer_bytes_max) + "), sqpoll, check-memory";
}

}  // namespace uring
