  $ cd "$STEPS"

Who has the thread when a coroutine awaits a task, and the task an operation.

  $ ./20-who-goes-on
  main calls outer
    outer begins
    outer has stopped: its co_await hands the thread to inner
      inner begins
      inner has stopped: its operation returns nothing
  main has the thread, and completes the operation
      inner goes on
      inner has stopped: its End returns the handle of outer
    outer goes on, with 17
  main has the thread
