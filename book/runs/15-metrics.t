  $ . "$ROOT/tools/shell.sh"
  $ start finger --quiet --addr 127.0.0.1 --users $ROOT/finger/users --metrics ./seen
  listening on 127\.0\.0\.1:\d+ (re)
  $ for i in {1..100}; do echo alice | ncat 127.0.0.1 $port > answer; done; wc -c < answer
  \d+ (re)
  $ scrape() { printf 'GET /metrics HTTP/1.0\r\n\r\n' | ncat -U seen; }
  $ scrape | grep -E '^fingerd_(connections_(open|acc)|exchanges.*"answ|sent|ring_(sub|enter))'
  fingerd_connections_open \d (re)
  fingerd_connections_accepted_total 100
  fingerd_exchanges_total{outcome="answered"} 100
  fingerd_sent_bytes_total \d+00 (re)
  fingerd_ring_submitted_total \d+ (re)
  fingerd_ring_enter_calls_total \d+ (re)

Each bucket holds those before it.

  $ scrape | grep '^fingerd_answer_seconds' | grep -E 'e-05|0\.001|Inf|sum|count'
  fingerd_answer_seconds_bucket\{le="1e-05"\} \d+ (re)
  fingerd_answer_seconds_bucket\{le="3e-05"\} \d+ (re)
  fingerd_answer_seconds_bucket\{le="0\.001"\} \d+ (re)
  fingerd_answer_seconds_bucket{le="+Inf"} 100
  fingerd_answer_seconds_sum [-0-9.e]+ (re)
  fingerd_answer_seconds_count 100
  $ stop
