#include "finger/server/supervision/scouts.h"

#include <unistd.h>

#include <algorithm>

#include "finger/server/supervision/scout.h"

namespace finger {

void Scouts::watch(std::vector<pollfd>& watched) const {
  for (const Scout& each : scouts_) {
    watched.push_back({.fd = each.news.get(), .events = POLLIN, .revents = 0});
  }
}

bool Scouts::read(const pollfd* watched) {
  bool has_answered = false;
  for (Scout& each : scouts_) {
    if (watched++->revents != 0) has_answered |= read(each);
  }
  std::erase_if(scouts_, [](const Scout& each) { return !each.news; });
  return has_answered;
}

/// Lines that each come in one write. Their end: the scout waits for nothing, or was killed.
bool Scouts::read(Scout& scout) {
  std::string text(64 * 1024, '\0');  // as many as a pipe holds
  const ssize_t size = ::read(scout.news.get(), text.data(), text.size());
  if (size == 0) scout.news = {};
  if (size <= 0) return false;
  text.resize(static_cast<std::size_t>(size));
  bool has_answered = false;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    const auto path = text.substr(begin + 1, end - begin - 1);
    if (text[begin] == finger::Scout::is_silent) {
      scout.silent.insert(path);
    } else {
      scout.silent.erase(path);
      has_answered |= text[begin] == finger::Scout::has_answered;
    }
    begin = end + 1;
  }
  return has_answered;
}

std::set<std::string> Scouts::silent() const {
  std::set<std::string> all;
  for (const Scout& each : scouts_) all.insert(each.silent.begin(), each.silent.end());
  return all;
}

}  // namespace finger
