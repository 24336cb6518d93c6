# shellcheck shell=bash
# shellcheck disable=SC2030,SC2031,SC2154 # a subshell has a server of its own; exec sets numbers
# Helpers that the book types. Source them once in each terminal, in bash: . tools/shell.sh
# The transcripts that test the book source this file, too.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-$ROOT/build/default}
port=${port:-5882} # where ./serve listens, unless told otherwise
job_control=${job_control:-+m} # as it was before suspend
started=${started:-} # the process that `start` runs; $pid may be another terminal's
declare -A pages=( # with which a chapter begins
  [2]=07-whole-server [3]=08-a-minute-each [4]=09-three-moves [5]=04-stop-them-all
  [6]=04-patient-loop [7]=08-poll-loop [8]=14-epoll-loop [9]=19-under-attack
  [11]=19-one-call [12]=17-coroutine-echo
)
[[ ${clients+there} ]] || clients=() # the descriptors of a crowd
trap : PIPE # so writing to an ended connection is an error, and doesn't end this terminal

# start STAGE [OPTION…], or start ./PROGRAM [ARGUMENT…]: runs a server in the background, and ends
# the one before and any crowd, unless $pid was emptied. $pid is its process, $port its port, and
# descriptor 4 has its output.
start() {
  local command=("$@") line=''
  if [[ $1 != */* ]]; then
    command=("$(_program "$1")" --port 0 "${@:2}") # 0: any port that is free
    [[ -x ${command[0]} ]] || { echo "start: not built yet; ./serve $1 builds it" >&2; return 1; }
  fi
  [[ ! ${pid:-} ]] || stop
  # In a session of its own, Ctrl-C at the prompt doesn't reach the server. We close this terminal's
  # connections, so that the server's descriptors have the numbers that the book shows.
  exec 4< <(_close_all; exec setsid "${command[@]}")
  started=$! pid=$!
  read -r line <&4 || { stop; return 1; }
  echo "$line"
  port=${line##*:}
}

# stop: ends the crowd, the connection at descriptor 5, and the server that this terminal started.
# Kills a server that goes on for two seconds. $port is that of ./serve again.
stop() {
  disperse
  exec 5>&-
  if kill "$started" 2>/dev/null; then # no harm if none was started
    if ! timeout 2 tail -s 0.02 --pid="$started" -f /dev/null; then
      echo "stop: the server went on for two seconds, and was killed" >&2
      kill -KILL "$started"
    fi
    wait "$started" 2>/dev/null
  fi
  exec 4<&-
  [[ $job_control != -m ]] || set -m # after suspend, if Ctrl-C came before exit_status
  started='' pid='' port=5882
}

# suspend: suspends the server, until kill -CONT. Job control is off from here to exit_status,
# because with it bash would notice the suspension, and lose the server's exit status.
suspend() {
  [[ $- != *m* ]] || job_control=-m
  set +m
  kill -STOP "$pid"
}

# exit_status: waits until the server has ended, and prints its exit status.
exit_status() {
  wait "$pid"
  echo "exit status $?"
  set "$job_control"
}

# said: prints the next line of the started server's output, if a line comes within a minute.
said() {
  local line
  read -r -t 60 line <&4 && echo "$line"
}

# server_pid: prints the pid of a server in another terminal, which listens at $port.
server_pid() { ss -tlnpH "sport = :$port" | grep -om 1 'pid=[0-9]*' | cut -d = -f 2; }

# steps WHERE: builds the steps of a stage, of common, of finger or of a chapter (15), and goes
# there.
steps() {
  local stage target directory
  stage=$(basename "$(dirname "$(_program "$1")")")
  case $1 in
    [0-9]*) target=book/steps/all directory=book/steps/$1 ;;
    *) target=$stage/all directory=$stage/steps ;;
  esac
  [[ ! -t 2 ]] || echo "steps: building those of $1" >&2
  _make "$target" && cd "$BUILD/$directory" || return 1
}

# page CHAPTER, or page STEP [NAME]: copies the page with which a chapter begins, or the source of a
# step, to page.cc, or to NAME.cc, for the reader to change. Drops how to try it, and the marks of
# the book's listings. Lines that the reader will write are replaced by the text after their
# mark, [yours]. An existing copy stays.
page() {
  local source name=${2:-page}
  source=$(_source "${pages[$1]:-$1}") || return 1
  if [[ -e $name.cc ]]; then
    echo "page: $name.cc is there already, and stays as it is" >&2
    return 1
  fi
  sed -e '1,/^$/ {
    /Try it:/,/^$/ {
      /Try it:/! { /./d
      }
      s, *Try it:.*,,
      /^\/\/$/d
    }
  }' -e '/\/\/ \[yours]/,/\/\/ \[\/yours]/ {
    s,// \[yours] \(.*\),\1  // yours,p
    d
  }' -e '\|^ *// \[/*[a-z-]*]$|d' "$source" > "$name.cc"
}

# yours FUNCTION STEP [NAME]: like page, but without the body of this function.
yours() {
  local source emptied name=${3:-page}
  source=$(_source "$2") || return 1
  grep -q "^[^ /].* $1(.*[^}]\$" "$source" || { echo "yours: no function $1 in $2" >&2; return 1; }
  page "$2" "$name" || return 1
  emptied=$(awk -v begin="^[^ /].* $1[(].*[^}]\$" '
    $0 ~ begin { heads = 1; result = /^void / ? "" : "return {};  " }
    !skips { print }
    heads && /{$/ { print "  " result "// yours"; heads = 0; skips = 1 }
    skips && /^}/ { print; skips = 0 }
  ' "$name.cc")
  echo "$emptied" > "$name.cc"
}

# given WHAT [NAME]: makes a change to page.cc, or to NAME.cc, that isn't worth typing, such as one
# more option. book/given has all of them, as listings with signs.
given() { python3 "$ROOT/book/tools/edit.py" "${2:-page}.cc" <"$ROOT/book/given/$1.diff"; }

# build NAME [OPTION…]: compiles NAME.cc, with more options for the compiler. If that fails, no
# older program is left to start.
build() {
  local more=("${@:2}")
  rm -f "$1"
  ! grep -qs '<liburing.h>' "$1.cc" || more+=(-luring)
  ! grep -qs '<seccomp.h>' "$1.cc" || more+=(-lseccomp)
  if grep -qs '"common/server/' "$1.cc"; then # a copy of a stage
    more+=(-I "$ROOT" "-Wl,--start-group" "$BUILD"/common/{,*/}lib*.a "-Wl,--end-group" -lfmt)
  elif grep -qs '"common/' "$1.cc"; then
    [[ -e $BUILD/common/http/libcommon_http.a ]] || _make common_http || return 1
    more+=(-I "$ROOT" "$BUILD"/common/{http/libcommon_http,libcommon}.a)
  fi
  g++ -std=c++23 -O2 "$1.cc" "${more[@]}" -o "$1"
}

# without LINE STEP, or without LINE page: builds ./without, which is a step or the reader's page
# without the lines that contain LINE, and shows those lines.
without() {
  local source
  rm -f without
  source=$(_source "$2") || return 1
  grep -e "$1" "$source" | sed 's/^ */- /'
  grep -qe "$1" "$source" || { echo "without: $2 has no line with $1" >&2; return 1; }
  grep -ve "$1" "$source" > without.cc
  build without
}

# crowd N: connects N silent clients.
crowd() {
  local i connection
  for ((i = 0; i < $1; i++)); do
    _connect || return 1
    clients+=("$connection")
  done
  for ((i = 0; i < 20; i++)); do # until the server has accepted them, if it does
    [[ $(ss -tlnH "sport = :$port" | awk '{n += $2} END {print n}') != 0 ]] || break
    sleep 0.1
  done
}

# disperse: disconnects the whole crowd.
disperse() {
  local connection
  for connection in "${clients[@]}"; do exec {connection}>&-; done
  clients=()
}

# say_hi: a client sends a message and waits for its answer. It's the first of the crowd, or a new
# client if there is no crowd.
say_hi() {
  local connection=${clients[0]:-}
  [[ $connection ]] || _connect || return 1
  printf '\2\0\0\0hi' >&"$connection"
  head -c 6 <&"$connection" >/dev/null
  [[ ${clients[0]:-} ]] || exec {connection}>&-
}

# rounds N: says hi that often.
rounds() {
  local i
  for ((i = 0; i < $1; i++)); do say_hi; done
}

# queues: prints the state of the server's connections, and the bytes in their two queues.
queues() { ss -tn "sport = :$port" | awk '{print $1, $2, $3}'; }

# send_queue: prints six times in a second how many bytes the client has not acknowledged.
send_queue() {
  local i
  for i in {1..6}; do
    ss -tnH "sport = :$port" | awk '{print $3}'
    sleep 0.2
  done
}

# arrived: waits until all that clients sent has arrived at the server's kernel.
arrived() {
  sleep 0.1
  until ss -tnH "dport = :$port" | awk '{n += $3} END {exit n > 0}'; do sleep 0.1; done
}

# gone: waits until the server has closed all its connections.
gone() { until [[ ! $(ss -tnH state established "sport = :$port") ]]; do sleep 0.1; done; }

# processor_time: prints how much processor time the server has used.
processor_time() { _runs && awk '{print 10 * ($14 + $15), "ms"}' "/proc/$pid/stat"; }

# memory: prints the server's reserved and touched memory, in KiB, and its number of threads.
memory() { _runs && awk '/VmSize|VmRSS|Threads/ {print $1, $2}' "/proc/$pid/status"; }

# traced CALLS COMMAND…: runs a command under strace, which writes these calls to the file "calls".
traced() { strace -qq -o calls -e "trace=$1" "${@:2}"; }

# calls_while COMMAND…: writes the server's calls during the command to the file "calls".
calls_while() ( # a subshell, because this one would print a line about the job
  _runs || return 1
  strace -qq -o calls -p "$pid" &
  _until_traced || return 1
  "$@"
  sleep 0.2
  kill -INT $! 2>/dev/null # strace may have ended with the server
  wait $! || true # the status says that strace was interrupted
)

# packets_while COMMAND…: runs a command and prints the server's packets of two seconds, with both
# ends, the flags, and the number of bytes. Needs root, or calls sudo.
packets_while() ( # a subshell, because this one would print a line about the job
  local root=()
  ((EUID == 0)) || { root=(sudo) && sudo -v; } || return 1
  rm -f listening
  "${root[@]}" timeout -s INT 2 tcpdump -tnl --immediate-mode -i lo "tcp port $port" \
    > packets 2> listening &
  until grep -qs ^listening listening; do
    [[ $(jobs -r) ]] || { cat listening >&2; return 1; } # no kill -0: sudo runs as root
    sleep 0.05
  done
  "$@"
  wait $!
  sed -nE 's/, .*(, length)/\1/p' packets
)

# polls: prints two polls that found something, from a client that says hi three times; strace
# interrupts the first. Of an array it prints only the length.
polls() {
  calls_while rounds 3
  sed -nE 's/.*(\], [0-9]+, [0-9]+\) = 1).*/poll([...\1/p' calls | tail -n 2
}

# count_calls STAGE, or ./PROGRAM [ARGUMENT…]: prints how often a server makes each call while a
# client says hi a hundred times.
count_calls() (
  pid='' clients=() # a server that was started before goes on
  counted=$(mktemp)
  trap 'rm "$counted"' EXIT
  start "$@" >/dev/null || return 1
  if ! { crowd 1 && rounds 1; }; then
    stop
    return 1
  fi
  strace -qq -c -U calls,name -o "$counted" -p "$pid" &
  if ! _until_traced; then
    stop
    return 1
  fi
  rounds 100
  kill -INT $!
  wait $!
  stop
  # 99 is possible, if strace came while the server waited.
  sort -k 2 "$counted" | awk '$1 + 0 > 90 && $2 != "total"'
)

# ask QUERY: sends the query to a finger daemon, and shows the answer with its line ends.
ask() {
  # shellcheck disable=SC2059 # the query has escapes such as \r\n
  printf "$1" | ncat 127.0.0.1 "$port" | cat -A | cut -c 1-40
}

# operations FILE: prints the operations in a trace, in the order in which the loop filled in their
# entries. The first column numbers the calls that submitted them.
operations() {
  python3 - "$1" <<'END'
import errno, json, sys
events = json.load(open(sys.argv[1]))
results = {event["id"]: event["args"]["result"] for event in events if event["ph"] == "e"}
call, completed = 1, False
print("call  operation  fd  result")
for event in events:
    if event["ph"] == "b":
        call += completed  # the loop takes completions first, and then submits
        result = results.get(event["id"], "")
        result = f"-{errno.errorcode[-result]}" if result and result < 0 else result
        print(f"{call:4}  {event['name']:9} {event['args'].get('fd', ''):>3}  {result:>6}")
    completed = event["ph"] == "e"
END
}

# stall [N]: in a second, or in N, stops the server for a second, while the next command runs.
stall() ( # a subshell, because this one would print a line about the job
  { sleep "${1:-1}"; kill -STOP "$pid"; sleep 1; kill -CONT "$pid"; } &
)

# while_asked COMMAND…: runs a command while 64 clients keep asking the server.
while_asked() ( # a subshell, because this one would print a line about the job
  _runs && _make load || return 1
  "$BUILD/tests/bench/load" --port "$port" --connections 64 --duration 600s >/dev/null &
  sleep 0.5
  "$@"
  kill $!
)

# compare A B [C…] [--rounds N]: measures these servers with 64 clients in shuffled rounds, sixty or
# N. Prints what B, C and so on take of the processor for a message, as a ratio to A's. Each
# is a ./PROGRAM or a STAGE. Needs two cores, and takes a second or two for a round.
compare() {
  _make load || return 1
  /usr/bin/python3 "$ROOT/tests/bench/compare.py" --build "$BUILD" "$@"
}

# Closes this shell's descriptors, except 0, 1 and 2.
_close_all() {
  local descriptor
  for descriptor in "/proc/$BASHPID/fd/"*; do
    descriptor=${descriptor##*/}
    ((descriptor <= 2)) || exec {descriptor}>&-
  done
}

# Opens $connection to the server at $port.
_connect() {
  { exec {connection}<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null && return
  echo "no program listens at port $port, or this terminal has too many connections: stop" >&2
  return 1
}

# Builds a target, in a new build if there is none.
_make() {
  if [[ ! -e $BUILD/CMakeCache.txt ]]; then
    (cd "$ROOT" && cmake --preset default -DBUILD_TESTING=OFF >/dev/null) || return 1
  fi
  # Another terminal may be building, too.
  flock "$ROOT/build/.lock" cmake --build "$BUILD" --target "$1" >/dev/null
}

# Prints the path of a stage's program, found by the beginning of its name.
_program() {
  local stage
  case $1 in
    finger*) echo "$BUILD/finger/fingerd" ;;
    common) echo "$BUILD/common/common" ;;
    *)
      for stage in "$ROOT/$1"*/; do stage=$(basename "$stage"); done
      echo "$BUILD/$stage/$stage"
      ;;
  esac
}

# Prints the path of a step's source, or of the reader's page.
_source() {
  local found=("$1.cc" "$ROOT"/*/steps/"$1.cc" "$ROOT"/book/steps/*/"$1.cc") source
  for source in "${found[@]}"; do
    [[ ! -f $source ]] || { echo "$source"; return; }
  done
  echo "there is no step $1" >&2
  return 1
}

# Fails and prints a line unless $pid is a running server.
_runs() {
  [[ ${pid:-} && -e /proc/$pid/stat ]] && return
  echo "no server is running in this terminal: start one, or pid=\$(server_pid)" >&2
  return 1
}

# Waits until strace, the last job, has attached to the server. Fails if strace has ended, as it
# does without a server.
_until_traced() {
  until grep -qs 'TracerPid:.[1-9]' "/proc/$pid/status"; do
    kill -0 $! 2>/dev/null || return 1
    sleep 0.05
  done
  sleep 0.1 # strace is attached, but sees calls only after the server's next stop
}
