  $ . "$ROOT/tools/shell.sh"
  $ cd "$BUILD/common/steps"

The decoder, broken in four ways, and how many of the 65,536 ways to cut three messages still go
well. The program is left nowhere.

  $ trap 'rm -f broken broken.cc' EXIT

  $ broken() {
  >   sed "$1" $ROOT/common/steps/03-kept-rest.cc > broken.cc
  >   g++ -std=c++23 broken.cc -o broken && ./broken cuts
  > }
  $ broken 's/kept += read/kept = read/; s/while (const auto message/if (const auto message/'
  right in 1 of 65536 ways to cut it
  $ broken 's/kept.size() - 4 < length/kept.size() < length/'
  right in 2048 of 65536 ways to cut it
  $ broken 's/kept.erase(0, 4 + length)/kept.clear()/'
  right in 16384 of 65536 ways to cut it
  $ broken 's/while (const auto message/if (const auto message/'
  right in 64800 of 65536 ways to cut it

The last of them, when two messages arrive together and a third alone.

  $ (printf '\2\0\0\0hi\0\0\0\0'; sleep 1; printf '\3\0\0\0you') | ./broken
  read 10: "hi", kept 4
  read 7: "", kept 7
