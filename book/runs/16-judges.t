Skipped where ab or wrk is missing (Debian: apache2-utils, wrk).

  $ . "$ROOT/tools/shell.sh"
  $ command -v ab > /dev/null && command -v wrk > /dev/null || exit 80
  $ start part5 --protocol http
  listening on 127\.0\.0\.1:\d+ (re)

The server stands still for one second of three. ab has no second that it did not spend asking.

  $ stall; ab -q -k -c 8 -t 3 -n 9999999 http://127.0.0.1:$port/ | tail -n 4
    95% +\d\d? (re)
    98% +\d\d? (re)
    99% +\d\d? (re)
   100% +(9|1\d)\d\d \(longest request\) (re)

wrk knows how often it would have asked, and adds what was never measured.

  $ stall; wrk -t 1 -c 8 -d 3 --latency http://127.0.0.1:$port/ | grep '%  '
       50% +\S+[um]s (re)
       75% +\S+s (re)
       90% +[2-9]\d\d\.\d\dms (re)
       99% +(9\d\d\.\d\dms|1\.\d\ds ?) (re)

  $ stop
