# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # ./check, which sources this, has sourced lib.sh
# The sections of a run of ./check: each is a command whose result the summary tells.

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
trap 'exit 130' INT
sections=()

# The judge alone is started a hundred times: what is compiled is kept, and not beside the sources.
unset PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX="$root/build/pycache"

# section NAME COMMAND… runs it and notes how it ended; the summary wants to know.
section() {
  local name=$1 status=0 began=$SECONDS
  shift
  "$@" || status=$?
  sections+=("$name:$status:$((SECONDS - began))")
  return "$status"
}

# pytests NAME ARGUMENT… is a section: a run of pytest.
pytests() {
  say "running the tests: $1"
  section "$1" "$python" -m pytest -q --junit-xml="$results/$1.xml" "${@:2}" || true
}

# ctests NAME PRESET ARGUMENT… is a section: a run of ctest, of which only failures matter.
ctests() {
  section "$1" quietly "running the tests: $1" ctest_of_failures --test-dir "build/$2" \
    --parallel 8 --no-tests=error --output-junit "$results/$1.xml" "${@:3}" || true
}

# shellcheck disable=SC2317 # called by section
ctest_of_failures() {
  ctest --output-on-failure "$@" | sed -E '/^ +Start +[0-9]+: |\.\.\. +Passed +[0-9.]+ sec$/d'
}

# patches NAME SUITE COMMAND… is a section of the zoo or of the exercises, of which the summary
# repeats the words.
patches() { section "$1" patches_and_their_words "$@" || true; }

# shellcheck disable=SC2317 # called by section
patches_and_their_words() { "$python" "tests/$2/run.py" "${@:3}" | tee "$results/$1.words"; }

finish() {
  "$python" tools/summary.py "$results" "${sections[@]}"
  exit
}

# build_or_finish PRESET [TARGET…]: without a build there is nothing to test.
build_or_finish() {
  configure_options=(-DBUILD_TESTING=ON)
  section "build $1" build "$@" || finish
}

in_parallel=(-n 6 --dist loadgroup) # on two cores: most of the time they wait

# Where part6 cannot run its tests are left out; the summary counts them, and gives the reason.
# leave_out_part6_if_need_be EXPR DIRECTORY… counts what fits the expression in these directories.
of_part6='^unit\.([Uu]ring|Ring|FramePool|ring_server)'
of_part6+='|^(steps\.part6-uring|steps\.book-i|steps\.finger|examples\.uring)\.'
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
  sections+=("part6-uring:0:0")
}
