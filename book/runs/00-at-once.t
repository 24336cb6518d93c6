The server in one line has two processes for each client: the second has its answer while the first says
nothing. The reader starts it in another terminal, at a port of its own. Here it has a session of its
own, since Ncat 7.991, when it is ended, ends its whole process group (github.com/nmap/nmap/issues/3489).

  $ . "$ROOT/tools/shell.sh"
  $ port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
  $ setsid ncat -k -l 127.0.0.1 $port -e /bin/cat & trap "kill $!" EXIT; until ss -tlnH "sport = :$port" | grep -q .; do sleep 0.1; done

  $ exec 5<>/dev/tcp/127.0.0.1/$port
  $ exec 6<>/dev/tcp/127.0.0.1/$port
  $ printf '\2\0\0\0hi' >&6
  $ head -c 6 <&6 | xxd
  00000000: 0200 0000 6869                           ....hi
  $ ss -tlnpH "sport = :$port" | grep -o '"[a-z]*"' | sort | uniq -c
        2 "cat"
        3 "ncat"
  $ exec 5>&- 6>&-
