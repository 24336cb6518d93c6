  $ . "$ROOT/tools/shell.sh"

The decoder of chapter 1, with a take_message of its reader's.

  $ yours take_message 03-kept-rest decoder
  $ build decoder && ./decoder cuts
  right in 0 of 65536 ways to cut it
  $ "$ROOT/book/tools/edit.py" decoder.cc << 'END'
  >  std::optional<std::string> take_message(std::string& kept) {
  > -  return {};  // yours
  > +  if (kept.size() < 4) return std::nullopt;
  > +  const std::size_t length = length_in(kept);
  > +  if (kept.size() - 4 < length) return std::nullopt;
  > +  std::string payload = kept.substr(4, length);
  > +  kept.erase(0, 4 + length);
  > +  return payload;
  >  }
  > END
  $ build decoder && printf '\5\0\0\0hello\3\0\0\0you' | ./decoder
  read 16: "hello" "you", kept 0
  $ (printf '\5\0\0\0he'; sleep 1; printf 'llo') | ./decoder
  read 6:, kept 6
  read 3: "hello", kept 0
  $ ./decoder cuts
  right in 65536 of 65536 ways to cut it

The naive program again, and three mistakes of good programmers, each in a copy.

  $ wrong() { sed "$1" decoder.cc > wrong.cc; build wrong && ./wrong cuts; }
  $ wrong 's/kept += read/kept = read/; s/while (const auto message/if (const auto message/'
  right in 1 of 65536 ways to cut it
  $ wrong 's/kept.size() - 4 < length/kept.size() < length/'
  right in 2048 of 65536 ways to cut it
  $ wrong 's/kept.erase(0, 4 + length)/kept.clear()/'
  right in 16384 of 65536 ways to cut it
  $ wrong 's/while (const auto message/if (const auto message/'
  right in 64800 of 65536 ways to cut it
  $ (printf '\2\0\0\0hi\0\0\0\0'; sleep 1; printf '\3\0\0\0you') | ./wrong
  read 10: "hi", kept 4
  read 7: "", kept 7

A length is only a promise.

  $ promise() { (printf '\377\377\377\377'; head -c 100M /dev/zero) | ./decoder 2>&1 |
  >   grep -aoE 'kept [0-9]{9}|message too long' | tail -n 1; }
  $ promise
  kept 104857604
  $ "$ROOT/book/tools/edit.py" decoder.cc << 'END'
  >    const std::size_t length = length_in(kept);
  > +  if (length > 65536) errx(1, "message too long");
  >    if (kept.size() - 4 < length) return std::nullopt;
  > END
  $ build decoder && promise
  message too long
  $ ./decoder cuts
  right in 65536 of 65536 ways to cut it
