  $ cd "$STEPS"

"-EINVAL" where the kernel does not know the request.

  $ ./39-more-requests
  fgetxattr: (2 39|-EOPNOTSUPP |-ENODATA ) (re)
  ftruncate: (0, size 100|-EINVAL, size 0) (re)
  pipe: (0, descriptors \d and \d|-EINVAL, descriptors -1 and -1) (re)
