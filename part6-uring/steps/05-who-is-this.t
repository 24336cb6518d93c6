  $ cd "$STEPS"

Bob's byte is written first. In order, alice is given an answer that has not come yet.
By user_data, each has their own. The NOP set no user_data and uses the entry of alice's
read: a completion for alice, who has asked for nothing.

  $ ./05-who-is-this
  broken, in order:      alice has '-'  bob has 'b'
  fixed, by user_data:   bob has 'b'  alice has 'a'
  untagged NOP:          its completion carries alice
