// What a line asks for, and what is refused. Bytes in, a value out: no socket, no file and no
// clock, so a table tries it all. Next to it is what comes to mind first: cut off "/W " and the
// blanks after it.
// Try it: ./01-query-grammar   or, with a line of your own,   ./01-query-grammar $'/w  bob\x9b'

#include <cstddef>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "common/escape.h"
#include "finger/protocol/error.h"
#include "finger/protocol/query.h"

namespace {

constexpr std::string_view lines[] = {"alice", "", "  alice  ", "J\xc3\xb6rg",
                                      // the switch
                                      "/W alice", "/w\talice ",
                                      // an odd name for a file system, not for us
                                      "../x",
                                      // another host's user
                                      "alice@elsewhere",
                                      // refused
                                      "J\xf6rg", "a\x1b[2J", "a\xc2\x9b\x32J"};

std::string described(std::string_view user, bool verbose) {
  const std::string name = user.empty() ? "all users" : "\"" + std::string(user) + "\"";
  return name + (verbose ? ", with /W" : "");
}

std::string obvious(std::string_view line) {
  const bool verbose = line.starts_with("/W ");
  if (verbose) line.remove_prefix(3);
  while (line.starts_with(' ')) line.remove_prefix(1);
  return described(line, verbose);
}

std::string ours(std::string_view line) {
  const auto query = finger::parse_query(line);
  if (!query) return std::string(finger::text_for_peer(query.error()));
  const std::string found = described(query->user, query->verbose);
  return query->host ? found + ", at " + std::string(*query->host) : found;
}

/// Escaped, because a terminal would obey some of these lines.
std::string shown(std::string_view text) { return common::escape(std::as_bytes(std::span(text))); }

void show(std::string_view line) {
  std::printf("%-18s %-31s %s\n", ("\"" + shown(line) + "\"").c_str(), shown(obvious(line)).c_str(),
              shown(ours(line)).c_str());
}

}  // namespace

int main(int argc, char** argv) {
  std::printf("%-18s %-31s %s\n", "line", "obvious", "ours");
  if (argc > 1) {
    show(argv[1]);
    return 0;
  }
  for (const std::string_view line : lines) show(line);
  const std::string longest(finger::query_bytes_max, 'a');
  std::printf("1024 bytes: %s\n", finger::parse_query(longest) ? "a name" : "refused");
  std::printf("1025 bytes: %s\n", ours(longest + "a").c_str());
}
