// Prints in one line of JSON what part 6 keeps for each client.

#include <fmt/format.h>

#include "connection.h"

int main() { fmt::print("{{\"connection\": {}}}\n", sizeof(stage::Connection)); }
