  $ cd "$STEPS"

Who has the thread when a coroutine awaits a task, and the task an operation.

  $ ./52-who-goes-on
  main calls serve
    serve begins
    serve has stopped: its task returns the handle of send_all
      send_all begins
      send_all has stopped: its operation returns nothing
  main has the thread, and completes the operation
      send_all goes on
      send_all has stopped: its End returns the handle of serve
    serve goes on, with 17
  main has the thread
