#include "finger/server/process/mounts.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <sstream>
#include <string_view>

namespace finger {
namespace {

/// A blank in a path is written as \040.
std::string unescape(std::string_view text) {
  std::string path;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      const auto digit = [&](std::size_t at) { return text[i + at] - '0'; };
      path += static_cast<char>(digit(1) * 64 + digit(2) * 8 + digit(3));
      i += 3;
    } else {
      path += text[i];
    }
  }
  return path;
}

}  // namespace

Mounts::Mounts() : list_(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)) { read(); }

dev_t Mounts::device_of(std::string path, common::Clock::time_point now) {
  const std::scoped_lock lock(mutex_);
  if (now - asked_at_ >= std::chrono::seconds(1)) {
    asked_at_ = now;
    pollfd changed{.fd = list_.get(), .events = POLLPRI, .revents = 0};
    if (::poll(&changed, 1, 0) > 0) read();
  }
  while (!path.empty()) {
    if (const auto found = devices_.find(path); found != devices_.end()) return found->second;
    const auto slash = path.rfind('/');
    if (slash == path.npos) return 0;
    path.resize(slash == 0 && path.size() > 1 ? 1 : slash);
  }
  return 0;
}

/// `42 27 0:39 / /home/dept rw,nosuid - fuse fuse rw`
void Mounts::read() {
  std::string text;
  std::array<char, 4096> piece;
  ssize_t size = 0;
  while ((size = ::pread(list_.get(), piece.data(), piece.size(),
                         static_cast<off_t>(text.size()))) > 0) {
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
  devices_.clear();
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string id, parent, device, root, point;
    words >> id >> parent >> device >> root >> point;
    unsigned major = 0;
    unsigned minor = 0;
    if (std::sscanf(device.c_str(), "%u:%u", &major, &minor) != 2) continue;
    devices_[unescape(point)] = makedev(major, minor);  // the last hides what is below it
  }
}

}  // namespace finger
