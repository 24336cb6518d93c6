  $ cd "$BUILD/book/steps/16"

So many rounds that they can be counted instead of having to agree.

  $ ./05-is-it-slower 60
                     median  lowest  highest  slower in
  the release again +\d+\.\d{3} +\d+\.\d{3} +\d+\.\d{3}  \d{1,2} of 60 (re)
  with a clock +\d+\.\d{3} +\d+\.\d{3} +\d+\.\d{3}  \d{1,2} of 60 (re)
  with a poll +\d+\.\d{3} +\d+\.\d{3} +\d+\.\d{3}  \d{1,2} of 60 (re)
