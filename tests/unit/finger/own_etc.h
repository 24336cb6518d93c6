#pragma once

#include <functional>
#include <string>

namespace tests {

/// The system's files as a test wants them.
struct Etc {
  std::string passwd;
  std::string group;
  std::string sources = "files";  ///< Where users are looked for. nsswitch.conf(5)
};

/// What `act` returns in a child that sees these files in /etc, in a mount namespace of its own;
/// `skipped: REASON` where nobody may have one. mount_namespaces(7)
std::string in_own_etc(const Etc& etc, const std::function<std::string()>& act);

/// For `act`: changes one of the child's files.
void rewrite_etc(const std::string& name, const std::string& content);

}  // namespace tests
