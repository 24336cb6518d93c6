  $ cd "$STEPS"

The four reads of the figure in chapter 1.

  $ (printf '\2\0\0\0hi\3\0\0\0you'; sleep 1; printf '\2\0\0\0hi\5\0'; sleep 1
  >  printf '\0\0hel'; sleep 1; printf 'lo\2\0\0\0hi') | ./08-held-rest
  read 13: "hi" "you", holds 0
  read 8: "hi", holds 2
  read 5:, holds 8
  read 8: "hello" "hi", holds 0

A length of 65,536, and little after it.

  $ (printf '\0\0\1\0'; for i in 1 2 3; do sleep 1; head -c 1000 /dev/zero; done) | ./08-held-rest
  read 4:, holds 4
  read 1000:, holds 1004
  read 1000:, holds 2008
  read 1000:, holds 4008
  cut short
