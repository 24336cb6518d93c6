  $ . "$ROOT/tools/shell.sh"

The daemon of chapter 13's beginning, as its reader mends it: names with two dots are refused, then
links. A pipe takes it away from everybody all the same.

  $ mkdir -p users/alice users/bob users/mallory; echo 'a plan' > users/alice/.plan
  $ ln -sf /proc/self/cmdline users/mallory/.plan; echo 'a secret' > .plan
  $ page 00-obvious-fingerd
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  >  std::string answer(const std::string& users, const std::string& query) {
  > +  if (query.contains("..")) return "Error: No such user\r\n";
  >    std::ifstream plan(users + "/" + query + "/.plan");
  > END
  $ build page && start ./page --users users
  listening on 127\.0\.0\.1:\d+ (re)
  $ ask '..\r\n'; ask 'mallory\r\n' | tr -d '^@' | cut -c 1-12
  Error: No such user^M$
  ./page--user
  $ "$ROOT/book/tools/edit.py" page.cc << 'END'
  > +#include <filesystem>
  >  #include <fstream>
  >  // …
  >    if (query.contains("..")) return "Error: No such user\r\n";
  > +  if (std::filesystem::is_symlink(users + "/" + query + "/.plan")) return "No Plan.\r\n";
  > END
  $ build page && start ./page --users users; ask 'mallory\r\n'
  listening on 127\.0\.0\.1:\d+ (re)
  No Plan.^M$
  $ mkfifo users/bob/.plan
  $ for who in bob alice; do printf "$who\r\n" | timeout 1 ncat 127.0.0.1 $port; echo "exit status $?"; done
  exit status 124
  exit status 124
  $ stop; rm users/bob/.plan
