// Prints in one line of JSON what a stage keeps for each client, which is compiled with this:
// connection.h is that of part 5, or that of part 6.

#include <fmt/format.h>

#include "common/session.h"
#include "connection.h"

int main() {
  fmt::print("{{\"connection\": {}, \"session\": {}}}\n", sizeof(stage::Connection),
             sizeof(common::EchoSession));
}
