#include "finger/accounts/gecos.h"

#include "finger/protocol/utf8.h"

namespace finger {
namespace {

char upper_case(char letter) {
  return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
}

}  // namespace

std::string full_name(std::string_view gecos, std::string_view login) {
  std::string name;
  for (const char letter : gecos.substr(0, gecos.find(','))) {
    if (name.size() > full_name_bytes_max) break;
    if (letter != '&') {
      name += letter;
    } else if (!login.empty()) {
      name += upper_case(login.front());
      name += login.substr(1);
    }
  }
  return printable(beginning(name, full_name_bytes_max));
}

}  // namespace finger
