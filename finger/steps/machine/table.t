The figure that the book shows is drawn from the table that the machine runs by.

  $ "$STEPS/../fingerd-machine" --print-table
  stateDiagram-v2
    [*] --> read_query: accepted / receive
    read_query --> read_query: more / receive
    read_query --> open_home: user / open home
    read_query --> write_response: list / send
    read_query --> write_error: refused / send
    read_query --> [*]: gone, overdue / close
    open_home --> open_home: more / open home
    open_home --> open_plan: opened / open plan
    open_home --> write_response: no_plan / send
    open_home --> linger: failed / end stream
    open_home --> [*]: overdue / close
    open_plan --> open_plan: more / open plan
    open_plan --> read_plan: opened / read
    open_plan --> write_response: named, no_plan / send
    open_plan --> linger: failed / end stream
    open_plan --> [*]: overdue / close
    read_plan --> read_plan: more / read
    read_plan --> write_response: filled, no_plan / send
    read_plan --> linger: ended, failed / end stream
    read_plan --> [*]: overdue / close
    write_response --> write_response: more / send
    write_response --> read_plan: emptied / read
    write_response --> linger: ended / end stream
    write_response --> [*]: gone, overdue / close
    write_error --> write_error: more / send
    write_error --> linger: ended / end stream
    write_error --> [*]: gone, overdue / close
    linger --> linger: more / discard
    linger --> [*]: ended, gone, overdue / close

Every state has a way out when the deadline has passed.

  $ "$STEPS/../fingerd-machine" --print-table | grep -c 'overdue.* / close'
  7
