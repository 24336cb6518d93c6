Skipped where a process may have no more than 1,024 descriptors.

  $ cd "$STEPS"
  $ hard=$(ulimit -Hn); [ "$hard" = unlimited ] || [ "$hard" -gt 1024 ] || exit 80

Descriptor 1023 is the last that fits: the variable after the set keeps its 42. With
descriptor 1024 everything seems to work, and the variable is overwritten twice. poll
takes the number as it is. The program raises the soft limit, which is usually 1024,
itself.

  $ ulimit -Sn 1024
  $ ./05-select-1024
  select on 1023: 1 ready; behind the set: 42, after FD_SET 42, after select 42
  select on 1024: 1 ready; behind the set: 42, after FD_SET 43, after select 1
  poll on 1024: 1 ready

Where the hard limit is too low there is nothing to see.

  $ (ulimit -n 1024; ./05-select-1024)
  this needs a hard limit (ulimit -Hn) of more than 1024 descriptors
  [1]
