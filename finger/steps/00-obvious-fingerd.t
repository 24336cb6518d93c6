  $ . "$ROOT/tools/shell.sh"
  $ cd "$STEPS"
  $ ln -s "$PWD"/00-obvious-fingerd "$CRAMTMP"; cd "$CRAMTMP"
  $ mkdir -p users/alice users/bob users/mallory
  $ printf 'Write a\nserver.\n' > users/alice/.plan
  $ ln -sf /proc/self/cmdline users/mallory/.plan
  $ echo 'a secret' > .plan
  $ start ./00-obvious-fingerd --users users
  listening on 127\.0\.0\.1:\d+ (re)

It works.

  $ ask 'alice\r\n'
  Write a$
  server.$

What RFC 1288 asks for: line ends that are CRLF (2.2; here they are as in the file). A
list for the empty query, or a refusal that says so (2.5.1, 3.2.2). The switch /W (2.5.4). No
relaying, said in words (3.2.1). A user without a plan is no unknown user.

  $ ask '\r\n'
  Error: No such user^M$
  $ ask '/W alice\r\n'
  Error: No such user^M$
  $ ask 'alice@elsewhere\r\n'
  Error: No such user^M$
  $ ask 'bob\r\n'
  Error: No such user^M$

What a line is: one read may not return all of it, and blanks around a name are not part of
it.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ printf 'al' >&5; cat -A <&5
  Error: No such user^M$
  $ exec 5>&-
  $ ask ' alice\r\n'
  Error: No such user^M$

And the client chooses the file.

  $ ask '..\r\n'
  a secret$
  $ ask 'mallory\r\n' | tr -d '^@' | cut -c 1-12
  ./00-obvious

One silent client, and no other is served.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ printf 'alice\r\n' | timeout 0.5 ncat 127.0.0.1 $port
  [124]
  $ exec 5>&-
  $ stop
