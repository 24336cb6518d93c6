  $ . "$ROOT/tools/shell.sh"
  $ cp "$ROOT/part3-nonblocking/steps/04-patient-loop.cc" page.cc; TIMEFORMAT='%R s'

With a nap in each round, a question waits for the next one.

  $ cp page.cc naps.cc
  $ "$ROOT/book/tools/edit.py" naps.cc << 'END'
  >    while (!stopping) {
  > +    usleep(100'000);
  >      if (clients.size() < clients_max) accept_one(listener);
  > END
  $ twenty() { for i in {1..20}; do say_hi; done; }
  $ build naps && start ./naps; crowd 1; time twenty
  listening on 127\.0\.0\.1:\d+ (re)
  (1\.9|[2-4]\.\d)\d+ s (re)
  $ stop; rm -f calls naps* without*
