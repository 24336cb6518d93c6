# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # a script that sources this uses these and sets program
# Common code of the commands: stages by name, missing packages, quiet builds.
# A script that sources this sets `program`, its name in messages, and may set `cannot`, its exit
# status if it can't run (default 1). A command defines `usage` before.

# Without symbolic links, because CMake would take a different path for a different project, and
# build it again.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
python=/usr/bin/python3 # has apt-get's packages; the first python3 in PATH may not

say() { printf '%s: %s\n' "$program" "$*" >&2; }
cannot_run() { say "$*"; exit "${cannot:-1}"; }
wrong_usage() { say "$*"; exit 2; }

# The existing stages, in order. A stage is a directory with a server.cc.
stages() {
  local server
  for server in "$root"/part[0-9]*/server.cc; do
    [[ ! -e $server ]] || basename "$(dirname "$server")"
  done
}

stages_in_a_line() { stages | paste -sd , - | sed 's/,/, /g'; }

# A Mac has no /proc, and its bash is 3.2, of 2007. So neither the lines above nor a command's
# usage() may need more than that bash.
if [[ $(uname -s) != Linux ]]; then
  case " $* " in
    *" --help "* | *" -h "*) usage && exit ;;
  esac
  cannot_run "needs Linux, and this is $(uname -s). A container will do: README.md has the lines," \
    "below \"Without Linux\""
fi

source "$root/tools/packages.sh"

# Without stdout, a command's output would be lost. ./serve becomes a server, which may do without.
[[ $program == serve ]] || { : 3>&1; } 2>/dev/null ||
  cannot_run "cannot write to standard output: it is closed"
# Bash itself needs /proc and /dev/fd for < <(…).
[[ -e /proc/self/fd ]] || cannot_run "there is no /proc here. As root: mount -t proc proc /proc"
[[ -e /dev/fd && -c /dev/null ]] || cannot_run "/dev lacks null, or fd. As root:" \
  "mount -t devtmpfs dev /dev; ln -s /proc/self/fd /dev/fd"

# inherited_signals prints the signals that our caller blocks or ignores, such as 2,17, because our
# children would inherit that. A caller that ignores a signal to end, as nohup does, means it. We
# let sed look, because Bash has settings of its own.
inherited_signals() {
  local blocked ignored number found=()
  { read -r blocked && read -r ignored; } \
    < <(sed -n 's/^Sig\(Blk\|Ign\):\s*/0x/p' /proc/self/status)
  for number in {1..31} {34..64}; do # the C library has 32 and 33
    ((ignored >> (number - 1) & 1)) && [[ $number == @(1|2|3|15) ]] && continue
    ((!((blocked | ignored) >> (number - 1) & 1))) || found+=("$number")
  done
  (IFS=, && echo "${found[*]}")
}

# Bash can undo neither, but env can. With SIGCHLD ignored, a build would wait forever for its
# compilers; and a server doesn't stop for a signal that's blocked.
inherited=$(inherited_signals)
[[ ! $inherited ]] || ! env "--default-signal=$inherited" true 2>/dev/null ||
  exec env "--default-signal=$inherited" "$BASH" "$0" "$@"

# A command's options: a description of each value, or nothing for an option without; the letters
# and their long options; the one option that may be repeated.
declare -A takes=() long=([-h]=--help) given=()
repeatable='' options=() words=()

# read_command_line WORD… leaves the options' values in given (yes if an option takes none), the
# options as --option=value in options, and all else in words. An option may be anywhere; its value
# is the next word, or follows an =.
read_command_line() {
  local word option value
  while (($# > 0)); do
    word=$1 option=${1%%=*} value=''
    shift
    case $word in
      --yes) export MAY_INSTALL=yes && continue ;;
      --?*) [[ $word != *=* ]] || value=${word#*=} ;;
      -[a-zA-Z]*)
        value=${word:2} option=${long[${word:0:2}]:-${word:0:2}}
        value=${value#=}
        ;;
      *) words+=("$word") && continue ;;
    esac
    options+=("$option")
    if [[ ! ${takes[$option]+there} ]]; then
      [[ $option != --help ]] || { usage; exit; }
      wrong_usage "unknown option $option$(did_you_mean "$option" "${!takes[@]}") (try --help)"
    elif [[ ! ${takes[$option]} ]]; then
      [[ $word != *=* ]] || wrong_usage "$option takes no value (try --help)"
      value=yes
    elif [[ ! $value && $word != *= && ${1:-} && ! ${takes[${1:-none}]+there} ]]; then
      value=$1
      shift
    fi
    [[ $value ]] || wrong_usage "$option takes ${takes[$option]} (try --help)"
    [[ ! ${given[$option]:-} || $option == "$repeatable" ]] ||
      wrong_usage "$option is there twice (try --help)"
    given[$option]+="${given[$option]:+ }$value"
    [[ ! ${takes[$option]} ]] || options[-1]+="=$value"
  done
}

# on_its_own OPTION [OTHER…]: wrong usage if anything but these was given.
on_its_own() {
  local option
  for option in "${options[@]%%=*}" "${words[@]}"; do
    [[ " $* " == *" $option "* ]] || wrong_usage "$1 does not go with $option (try --help)"
  done
}

# did_you_mean WORD NAME… prints a question if some names contain WORD or begin like WORD.
did_you_mean() {
  local alike
  alike=$(printf '%s\n' "${@:2}" | word=$1 awk '
    index($0, ENVIRON["word"]) || index($0, substr(ENVIRON["word"], 1, 5)) == 1' |
    head -n 3 | paste -sd ,)
  alike=${alike//,/, }
  [[ ! $alike ]] || echo ": did you mean ${alike/%, ${alike##*, }/ or ${alike##*, }}?"
}

# quietly MESSAGE COMMAND… runs a command and hides its output, unless the command fails. To show
# progress we print the newest line, immediately on a terminal, otherwise every ten seconds.
quietly() {
  local message=$1 log progress status=0
  say "$message"
  shift
  log=$(mktemp)
  show_progress "$log" &
  progress=$!
  "$@" >"$log" 2>&1 </dev/null || status=$?
  kill "$progress" 2>/dev/null || true # Ctrl-C or timeout(1) may have ended it already
  wait "$progress" 2>/dev/null || true
  [[ ! -t 2 ]] || printf '\r\e[K' >&2
  ((status == 0 || status == 130)) || cat "$log" >&2 # after Ctrl-C nobody needs the reason
  rm -f "$log"
  return "$status"
}

# show_progress LOG runs until it is killed. Ctrl-C doesn't reach background jobs, so we look
# whether the command still runs. While the log is empty we leave the terminal alone, because
# sudo may be asking for a password there.
show_progress() {
  local line columns told=$SECONDS
  while sleep 0.5 >/dev/null 2>&1 && kill -0 "$$" 2>/dev/null; do
    line=$(tail -n 1 "$1" 2>/dev/null) || return 0
    if [[ ! -t 2 ]]; then
      ((SECONDS - told < 10)) || { told=$SECONDS && say "  ${line:-nothing yet}"; }
      continue
    fi
    columns=$(stty size <&2 | cut -d ' ' -f 2)
    ((columns > 0)) || columns=80 # some terminals don't know
    [[ ! $line ]] || printf '\r\e[K%s' "${line:0:columns-1}" >&2
  done
}

is_there() {
  local kind=${proofs[$1]%%:*} thing=${proofs[$1]#*:}
  case $kind in
    command) command -v "$thing" >/dev/null ;;
    header) # some are in a directory such as x86_64-linux-gnu
      [[ -e /usr/include/$thing || -e /usr/local/include/$thing ]] ||
        compgen -G "/usr/include/*-linux-*/$thing" >/dev/null
      ;;
    file) [[ -e $thing ]] ;;
    module)
      "$python" -c 'import importlib.util as u, sys; sys.exit(not u.find_spec(sys.argv[1]))' \
        "$thing" 2>/dev/null
      ;;
  esac
}

# cost_of PACKAGE… prints how many packages apt-get would install and how much room they take, such
# as (84 packages, 345 MB). It prints nothing if apt-get has never fetched its lists.
cost_of() {
  LC_ALL=C apt-get --assume-no --no-install-recommends -o Debug::NoLocking=1 install "$@" \
    2>/dev/null </dev/null | sed -n '
      s/^[0-9]* upgraded, \([0-9]* newly\) installed.*/ (\1/p
      s/^After this operation, \(.*B\) of additional disk space.*/, \1)/p' |
    sed 's/ newly/ packages/' | paste -sd '' - || true
}

# may_install PACKAGE… asks, once in a run, the person at the terminal. Without one, as in CI, with
# --yes, or after a yes, nobody is asked.
may_install() {
  local answer
  [[ ! ${CI:-}${MAY_INSTALL:-} && -t 0 && -t 2 ]] || return 0
  say "missing: $*"
  read -r -p "$program: install them with apt-get$(cost_of "$@")? [Y/n] " answer || answer=no
  [[ ! $answer || $answer == [yY]* ]] || return 1
  export MAY_INSTALL=yes # also for the commands that this one calls
}

# need PACKAGE… installs missing ones, or lists them and stops.
need() {
  local package missing=()
  for package in "$@"; do
    is_there "$package" || [[ " ${missing[*]} " == *" $package "* ]] || missing+=("$package")
  done
  ((${#missing[@]} > 0)) || return 0

  if ! command -v apt-get >/dev/null; then
    cannot_run "missing: ${missing[*]} (Debian's names). Install them by your system's means"
  elif ((EUID != 0)) && ! command -v sudo >/dev/null; then
    cannot_run "missing, and no sudo here. As root: apt-get install ${missing[*]}"
  elif ! may_install "${missing[@]}"; then
    cannot_run "nothing was installed. As root: apt-get install ${missing[*]}"
  elif ((EUID == 0)); then
    quietly "installing ${missing[*]}" install_packages "${missing[@]}" ||
      cannot_run "apt-get says above why it cannot. If the network is the reason: connect once," \
        "and start again"
  else
    # Ask before we show a changing line, which would wipe the question away.
    sudo --prompt="$program: to install ${missing[*]}, sudo wants the password of %p: " true ||
      cannot_run "the reason is above. As root: apt-get install ${missing[*]}"
    quietly "installing ${missing[*]} (with sudo)" install_packages "${missing[@]}" ||
      cannot_run "the reason is above. As root, and with a network: apt-get install ${missing[*]}"
  fi
}

# Uses a single sudo for both calls of apt-get, because some configurations of sudo ask every time.
install_packages() {
  local as_root=(env DEBIAN_FRONTEND=noninteractive)
  ((EUID == 0)) || as_root=(sudo "${as_root[@]}")
  "${as_root[@]}" sh -c 'apt-get update -q &&
    apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=120 "$@"' sh "$@"
}

# stage_named WORD prints the stage whose name begins with WORD, or nothing if there are none or
# several. ./part4-poll/ is accepted, because a shell completes names that way, and so is 4.
stage_named() {
  local stage word=${1#./} found=()
  word=${word%/}
  [[ $word != [0-9]* ]] || word=part$word
  for stage in $(stages); do
    [[ $stage != "$word" ]] || found=("$stage")
    [[ $stage == "$word" ]] && break
    [[ $stage != "$word"* ]] || found+=("$stage")
  done
  ((${#found[@]} != 1)) || echo "${found[0]}"
}

# not_one_stage WORD [OTHER…]: wrong usage; suggests stages, or OTHER words, that WORD may mean.
not_one_stage() {
  local word=$1 fits stages meant
  shift
  fits=$(stages | grep -F "$word" | paste -sd ,) || true
  [[ $fits != *,* ]] || wrong_usage "'$word' fits several stages: ${fits//,/, }; name one"
  mapfile -t stages < <(stages)
  meant=$(did_you_mean "$word" "${stages[@]}" "$@")
  wrong_usage "'$word' names no stage${meant:-;} there are $(stages_in_a_line)$(printf ', %s' "$@")"
}

# need_bug NAME: wrong usage if there is no such bug.
need_bug() {
  local bugs meant
  [[ ! -e $root/book/bugs/$1.patch ]] || return 0
  mapfile -t bugs < <(cd "$root/book/bugs" && printf '%s\n' *.patch | sed 's/\.patch$//')
  meant=$(did_you_mean "$1" "${bugs[@]}")
  wrong_usage "there is no bug '$1'${meant:-;} all of them are in book/appendix-e-bug-zoo.md"
}

# bug_says NAME KEY prints a line of the patch's head; tests/zoo/bug.py explains the keys.
bug_says() { sed -n "s/^$2: *//p" "$root/book/bugs/$1.patch"; }

# is_listened_on PORT looks for a listener on 127.0.0.1 or all addresses. proc(5), /proc/net/tcp
is_listened_on() {
  local listening
  printf -v listening ': (0100007F|0{8}|0{32}):%04X [0-9A-F]+:0000 0A ' "$((10#$1))"
  grep -qsE "$listening" /proc/net/tcp{,6}
}

# Stops if we can't write here, because CMake wouldn't say what to do.
need_place() {
  if ! mkdir -p "$root/build" 2>/dev/null || [[ ! -w $root || ! -w $root/build ]]; then
    cannot_run "cannot write to $root. Copy it to a directory of yours, and start there"
  fi
}

# need_own_build PRESET stops if the build was made for a different directory; CMake would, too.
need_own_build() {
  local made_for
  made_for=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' \
    "$root/build/$1/CMakeCache.txt" 2>/dev/null || true)
  [[ ! $made_for || $made_for -ef $root ]] ||
    cannot_run "build/ was made in $made_for, and is of no use here: rm -rf '$root/build'"
}

# build PRESET [TARGET…] configures and builds, with further options for CMake from the array
# configure_options. The lock is for a second ./serve, say, that builds at the same time.
configure_options=()
build() {
  local preset=$1 targets=()
  shift
  (($# == 0)) || targets=(--target "$@")
  [[ -z ${CI:-} ]] || configure_options+=(-DCMAKE_COMPILE_WARNING_AS_ERROR=ON -Werror=dev)
  need_place
  need_own_build "$preset"
  quietly "configuring ($preset)" flock "$root/build/.lock" \
    cmake -S "$root" --preset "$preset" "${configure_options[@]}" || return 1
  [[ $preset != default ]] || # where editors and other tools look for it
    ln -sfn build/default/compile_commands.json "$root/compile_commands.json"
  quietly "building ${*:-everything} ($preset)" flock "$root/build/.lock" \
    cmake --build "$root/build/$preset" "${targets[@]}" || return 1
}

# why_no_ring [SERVER OPTION…] prints why this server (default: part6-uring) cannot run here, in the
# server's words, with the remedy. Prints nothing if it can run, or isn't built.
why_no_ring() {
  local said='' words
  (($# > 0)) || set -- "$root/build/default/part6-uring/part6-uring" --port 0
  [[ -x $1 ]] || return 0
  exec {words}< <(exec "$@" 2>&1)
  read -r said <&"$words" || true
  kill "$!" 2>/dev/null || true # if it could run, it serves now
  exec {words}<&-
  [[ $said != "io_uring cannot be used: "* ]] || echo "$said"
}
