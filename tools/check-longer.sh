# shellcheck shell=bash
# shellcheck disable=SC2154 # ./check, which sources this, has sourced lib.sh and sections.sh
# The longer tests of ./check: other machines, other builds, other rings.

# With a sanitizer, fingerd takes 13 s to look up 65,535 owners. A Python server that echoes 32 MiB
# beside all other tests takes as long.
patient=(--patience 60)

# check_what_takes_long runs the tests that --all adds, except the book's.
check_what_takes_long() {
  local preset targets release architecture
  pytests "builds of each part" tests/builds -m long
  pytests "your own server" tests/judge "${in_parallel[@]}"
  pytests network tests/network -m long
  check_rings
  check_kernel 6.1
  mapfile -t targets < <(stages) # the steps show mistakes, which a sanitizer would report
  targets+=(echo-client fingerd finger man-pages tests/unit/all tests/fuzz/all)
  for preset in asan tsan; do
    build_or_finish "$preset" "${targets[@]}"
    ctests "unit, fuzz $preset" "$preset" --label-regex 'unit|fuzz' "${not_of_part6[@]}"
    pytests "protocol $preset" tests/protocol -m 'not long' \
      --build-dir "build/$preset" "${patient[@]}" "${in_parallel[@]}" "${without_part6[@]}"
    pytests "finger $preset" tests/finger --build-dir "build/$preset" "${patient[@]}" \
      "${in_parallel[@]}" "${without_fingerd[@]}"
  done
  check_loop_with_chance
  build_or_finish clang
  ctests "unit, fuzz clang" clang --label-regex 'unit|fuzz' "${not_of_part6[@]}"
  if ((EUID == 0)); then
    for release in bookworm trixie sid; do check_distribution "$release"; done
    for architecture in arm64 i386; do check_architecture "$architecture"; done
  else
    say "other releases and processors are left out: that needs root"
  fi
  patches "every bug" zoo run
}

# Makes the Linux in the page, which tests of the book and the site use.
make_the_machine() {
  if ((EUID == 0)); then
    section "Linux for the page" tools/machine/make || true
  else
    say "the Linux in the page is left out: making it needs root"
  fi
}

# Runs the loop's fuzzer for a minute, with new seeds each time; the unit tests run it only briefly.
# A failure says how to repeat the round.
check_loop_with_chance() {
  local ring
  [[ ! $no_ring ]] || return 0
  for ring in '' entries=4,buffers=2 sqpoll sqpoll,entries=4,buffers=2; do
    section "uring_fuzz ${ring:-default}" build/asan/tests/unit/uring/uring_fuzz \
      --seconds 15 --seed "$RANDOM" --ring "$ring" || true
  done
}

# Answers don't depend on the ring, so we try all tests with a ring that is always full, and a
# choice of tests with SQPOLL.
check_rings() {
  local part6=build/default/part6-uring/part6-uring full=entries=4,completions=8,buffers=2
  [[ -x $part6 && ! $no_ring ]] || return 0
  pytests "ring $full" tests/protocol --server "$part6 --ring $full" --level part6-uring \
    "${in_parallel[@]}"
  pytests "ring sqpoll" tests/protocol --server "$part6 --ring sqpoll" --level part6-uring \
    -m every_ring "${in_parallel[@]}"
}

# check_sanitized PRESET UNIT-TESTS STAGE… runs a choice of black-box tests, and these unit tests on
# the default ring only, without fuzzers and without the test that moves gigabytes.
check_sanitized() {
  local preset=$1 unit_tests=$2 stage chosen=()
  shift 2
  for stage in "$@"; do chosen+=(--stage "$stage"); done
  build_or_finish "$preset" "$@" ${unit_tests:+"$unit_tests"}
  [[ ! $unit_tests ]] ||
    ctests "unit $preset" "$preset" --tests-regex '^unit\.([Uu]ring|Ring|FramePool)' \
      --exclude-regex "^unit\.(uring-|UringLarge)${no_ring:+|$of_part6}"
  [[ ! ${chosen[*]} ]] ||
    pytests "protocol $preset" tests/protocol -m every_ring "${chosen[@]}" \
      --build-dir "build/$preset" "${in_parallel[@]}" "${without_part6[@]}"
}

# check_today adds tests that depend on the day of the week. It tries each of the zoo's bugs within
# four months.
check_today() {
  need_for everything
  check_everything whole
  case $(date +%u) in
    1) check_judge tests/judge/test_[a-o]*.py ;;
    2) check_sanitized asan '' part5-epoll part6-uring ;;
    3) check_sanitized tsan '' part2-threads part5-epoll ;;
    4) check_sanitized tsan uring_tests ;;
    5) check_judge tests/judge/test_[p-z]*.py ;;
    *) patches "a thirtieth of the bugs" zoo run --today ;;
  esac
}

# check_on MACHINE: a kernel, a release of Debian, or a processor.
check_on() {
  case $1 in
    [0-9]*.[0-9]*) check_kernel "$1" ;;
    bookworm | trixie | forky | sid) check_distribution "$1" ;;
    arm64 | i386) check_architecture "$1" ;;
    *) wrong_usage "--on takes ${takes[--on]} (try --help)" ;;
  esac
}

# check_kernel SERIES: the machine itself writes the files for the summary.
check_kernel() {
  need_for part6-uring finger
  tools/kernel.sh "$1" || exit # Debian may have no kernel of that series
  build_or_finish default part6-uring/all finger/all book/steps/all uring_tests finger_daemon_tests
  say "running the tests under Linux $1 takes some ten minutes on an idle machine"
  RESULTS=$results section "Linux $1" tools/kernel.sh "$1" tools/kernel-tests || true
}

# check_distribution RELEASE and check_architecture NAME run in a Debian made for them.
check_distribution() {
  section "Debian $1" tools/distribution.sh "$1" tools/distribution-tests || true
}

check_architecture() {
  ARCHITECTURES=$(dpkg --print-architecture),$1 section "$1" \
    tools/distribution.sh trixie tools/architecture-tests "$1" || true
}
