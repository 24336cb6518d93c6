  $ cd "$STEPS"

"-EINVAL" where the kernel does not know the request. The last read goes on until the end of the
stream: one request, four completions.

  $ ./40-more-requests
  fgetxattr: (2 40|-EOPNOTSUPP |-ENODATA ) (re)
  ftruncate: (0, size 100|-EINVAL, size 0) (re)
  pipe: (0, descriptors \d and \d|-EINVAL, descriptors -1 and -1) (re)
  read: (1 2 3 0|-EINVAL) (re)
