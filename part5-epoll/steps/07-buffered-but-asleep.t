  $ cd "$STEPS"

Both forms end when epoll_wait has reported nothing for 100 ms. The broken one sleeps
with two questions that it has read and not answered.

  $ ./07-buffered-but-asleep
  broken: asleep; bob has 1 of 3 answers, our buffer 2 questions
  fixed: asleep; bob has 3 of 3 answers, our buffer 0 questions
