The server listens where the kernel says; whoever types 5882 below means that port.

  $ exec 4< <(exec "$BUILD/part1-blocking/part1-blocking" --port 0); server=$!
  $ read -r _ _ address <&4; port=${address#*:}
  $ ncat() { command ncat "${@/5882/$port}"; }

The first client has been answered, and then says nothing.

  $ (printf '\2\0\0\0hi'; exec sleep 20 2>&-) | command ncat 127.0.0.1 $port > first-client 2>&- &
  $ first=$!; until [ -s first-client ]; do sleep 0.05; done

The second is connected, sends, and hears nothing for as long as it cares to wait.

  $ printf '\2\0\0\0hi' | ncat --idle-timeout 3 127.0.0.1 5882
  Ncat: Idle timeout expired (3000 ms).
  [1]

The kernel has connected it, and holds what it sent.

  $ ss -tln sport = :$port | awk '{print $1, $2}'
  State Recv-Q
  LISTEN 1

  $ kill $server $first; wait $server
