# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # ./check, which sources this, has sourced lib.sh
# The sections of a run of ./check, each a command with a result in the summary.

results=$(mktemp -d)
read -r load_before _ </proc/loadavg # for the summary, since the tests make a load of their own
beside=() # process groups in the background
trap 'kill -INT -- "${beside[@]/#/-}" 2>/dev/null || true; rm -rf "$results"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The judge alone starts a hundred times, so we keep compiled Python, but not beside the sources.
unset PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX="$root/build/pycache"

# section NAME COMMAND… runs it and notes its status in a file, for the summary.
section() {
  local name=$1 status=0 began=$SECONDS
  shift
  "$@" || status=$?
  echo "$name:$status:$((SECONDS - began))" >>"$results/sections"
  return "$status"
}

# .ci/run sets SECOND_TRY, because its machine may pause for longer than a test allows. Failed tests
# then run once more, without the others of their section, and the summary names them. There's no
# second try if many failed, nor under a sanitizer, whose finding a hundred runs may not repeat.
# deserves_second_try NAME: the name of a section that wrote a JUnit file.
deserves_second_try() {
  local failed
  [[ ${SECOND_TRY:-} && $1 != *@(asan|tsan) ]] || return 1
  ! grep -qs 'Falsifying example' "$results/$1.xml" || return 1 # also found by chance
  failed=$(grep -oE '<(failure|error)[ />]' "$results/$1.xml" | wc -l)
  ((failed > 0 && failed <= 5)) && say "once more, by itself, what failed of: $1"
}

# pytests NAME ARGUMENT… is a section: a run of pytest.
pytests() {
  say "running the tests: $1"
  section "$1" pytest_and_second_try "$@" || true
}

# shellcheck disable=SC2317 # called by section
pytest_and_second_try() {
  local name=$1 status=0
  local run=("$python" -m pytest -q -o "cache_dir=$results/$name.cache" "${@:2}")
  "${run[@]}" --junit-xml="$results/$name.xml" || status=$?
  if ((status == 1)) && deserves_second_try "$name"; then
    # The name of a test in a group ends with @GROUP, but not yet when pytest reads the files.
    sed -E -i 's/^( *)"(.*)(@[^]"]*)": true/\1"\2": true,\n&/' \
      "$results/$name.cache/v/cache/lastfailed"
    "${run[@]}" --junit-xml="$results/$name.again.xml" --last-failed -n 1
  else
    return "$status"
  fi
}

# ctests NAME PRESET ARGUMENT… is a section: a run of ctest, which shows only failures.
ctests() {
  section "$1" quietly "running the tests: $1" ctest_and_second_try "$@" || true
  [[ ! -e $results/$1.again.xml ]] || cat "$results/$1.said" # why there was a second try
}

# shellcheck disable=SC2317 # called by section
ctest_and_second_try() {
  local name=$1 status=0
  local run=(ctest_of_failures --test-dir "build/$2" --no-tests=error "${@:3}")
  "${run[@]}" --parallel 8 --output-junit "$results/$name.xml" >"$results/$name.said" || status=$?
  cat "$results/$name.said"
  if ((status == 8)) && deserves_second_try "$name"; then
    "${run[@]}" --rerun-failed --output-junit "$results/$name.again.xml"
  else
    return "$status"
  fi
}

# shellcheck disable=SC2317 # called by section
ctest_of_failures() {
  ctest --output-on-failure "$@" | sed -E '/^ +Start +[0-9]+: |\.\.\. +Passed +[0-9.]+ sec$/d'
}

# side_by_side COMMAND… runs commands at the same time, in process groups that get Ctrl-C. Shows the
# first command's output as it comes, then all output of the second, and so on.
side_by_side() {
  local command
  set -m
  for command in "${@:2}"; do
    {
      trap 'exit 130' INT
      "$command"
    } >"$results/$command.said" 2>&1 </dev/null &
    beside+=("$!")
  done
  set +m
  "$1"
  for command in "${@:2}"; do
    wait "${beside[0]}" || true
    beside=("${beside[@]:1}")
    cat "$results/$command.said"
  done
}

# patches NAME SUITE COMMAND… is a section of the zoo or of the exercises; the summary repeats its
# results.
patches() { section "$1" patches_and_their_words "$@" || true; }

# shellcheck disable=SC2317 # called by section
patches_and_their_words() { "$python" "tests/$2/run.py" "${@:3}" | tee "$results/$1.words"; }

finish() {
  LOAD_BEFORE=$load_before "$python" tools/summary.py "$results" "$results/sections"
  exit
}

# build_or_finish PRESET [TARGET…] ends the run if the build fails.
build_or_finish() {
  configure_options=(-DBUILD_TESTING=ON)
  section "build $1" build "$@" || finish
}

in_parallel=(-n 6 --dist loadgroup) # on two cores, because most of the time they wait

# leave_out_part6_if_need_be EXPR DIRECTORY… leaves out part6's tests if part6 can't run here. The
# summary gives the reason, and the number of tests that match EXPR in these directories.
of_part6='^unit\.([Uu]ring|Ring|FramePool|part6)'
of_part6+='|^(steps\.part6-uring|steps\.finger|examples\.uring)\.'
no_ring='' not_of_part6=() without_part6=() without_fingerd=()
leave_out_part6_if_need_be() {
  no_ring=$(why_no_ring)
  [[ $no_ring ]] || return 0
  not_of_part6=(--exclude-regex "$of_part6")
  without_part6=(-k 'not part6 and not echo_client')
  without_fingerd=(-k 'not fingerd')
  local directory number
  number=$({
    [[ $1 ]] || ctest --test-dir build/default --show-only --tests-regex "$of_part6"
    for directory in "${@:2}"; do
      "$python" -m pytest "$directory" --collect-only -q \
        -k "(part6 or echo_client or fingerd)${1:+ and ($1)}" || true
    done
  } 2>&1 | grep -cE '^ *Test +#|^[^ ]+\.py::' || true)
  "$python" tools/summary.py --left-out "$results/part6-uring.xml" "$number" "$no_ring"
  section part6-uring true
}
