  $ cd "$STEPS"

What the obvious parser calls a name, the file system may take for a path, a terminal
for a command. Ours refuses what is not text; the rest is compared with names, and never
becomes a path.

  $ ./01-query-grammar
  line               obvious                         ours
  "alice"            "alice"                         "alice"
  ""                 all users                       all users
  "  alice  "        "alice  "                       "alice"
  "J\xc3\xb6rg"      "J\xc3\xb6rg"                   "J\xc3\xb6rg"
  "/W alice"         "alice", with /W                "alice", with /W
  "/w\x09alice "     "/w\x09alice "                  "alice", with /W
  "../x"             "../x"                          "../x"
  "alice@elsewhere"  "alice@elsewhere"               "alice", at elsewhere
  "J\xf6rg"          "J\xf6rg"                       Invalid query
  "a\x1b[2J"         "a\x1b[2J"                      Invalid query
  "a\xc2\x9b2J"      "a\xc2\x9b2J"                   Invalid query
  1024 bytes: a name
  1025 bytes: Maximum query length exceeded

A line of your own: the byte would begin a command on some terminals.

  $ ./01-query-grammar $'/w  bob\x9b'
  line               obvious                         ours
  "/w  bob\x9b"      "/w  bob\x9b"                   Invalid query
