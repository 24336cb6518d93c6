  $ cd "$STEPS"

Every call of promise and awaiter, by a coroutine and by a struct with a function.

  $ ./14-what-the-compiler-makes
  main calls add(1)
              operator new
              promise.get_return_object
              promise.initial_suspend
  main has a Sum, and resumes it
              awaiter.await_ready
              awaiter.await_suspend
  main has an answer, and resumes what waits for it
              awaiter.await_resume
              promise.return_value
              promise.final_suspend
  main has 42, and destroys the Sum
  by hand: the same 12 lines
