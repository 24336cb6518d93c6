  $ . "$ROOT/tools/shell.sh"
  $ start part6 --metrics ./seen
  listening on 127\.0\.0\.1:\d+ (re)
  $ crowd 3; rounds 100
  $ scrape() { printf 'GET /metrics HTTP/1.0\r\n\r\n' | ncat -U seen; }
  $ scrape | grep -E '^echo_(connections_(open|acc)|answers|sent|ring_(sub|enter))'
  echo_connections_open 3
  echo_connections_accepted_total 3
  echo_answers_total 100
  echo_sent_bytes_total 600
  echo_ring_submitted_total \d+ (re)
  echo_ring_enter_calls_total \d+ (re)

Each bucket holds those before it.

  $ scrape | grep '^echo_answer_seconds' | grep -E 'e-05|0\.001|Inf|sum|count'
  echo_answer_seconds_bucket\{le="1e-05"\} \d+ (re)
  echo_answer_seconds_bucket\{le="3e-05"\} \d+ (re)
  echo_answer_seconds_bucket\{le="0\.001"\} \d+ (re)
  echo_answer_seconds_bucket{le="+Inf"} 100
  echo_answer_seconds_sum [-0-9.e]+ (re)
  echo_answer_seconds_count 100
  $ stop
