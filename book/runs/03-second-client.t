  $ exec 4< <(exec "$BUILD/part2-threads/part2-threads" --port 0); server=$!
  $ read -r _ _ address <&4; port=${address#*:}
  $ ncat() { command ncat "${@/5882/$port}"; }

The first client connects and says nothing. The second is answered.

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd
  00000000: 0200 0000 6869                           ....hi

  $ kill $server; wait $server
