#pragma once

#include <cstdlib>
#include <string_view>

/// Whether this mistake is the one to be made: the environment names it. See mistakes.py.
inline bool mistaken(std::string_view name) {
  static const char* const made = std::getenv("ZOO_MISTAKE");
  return made != nullptr && made == name;
}

/// Whether `server` is the first that asked.
inline bool is_the_first(const void* server) {
  static const void* const first = server;
  return server == first;
}
