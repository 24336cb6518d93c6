  $ . "$ROOT/tools/shell.sh"
  $ ln -s "$STEPS/02-crlf-split" "$CRAMTMP"; cd "$CRAMTMP"

Six bytes of three kinds, cut in every way.

  $ ./02-crlf-split | head -n 1
  forgetful: 23328 tries,  6052 wrong, as \r | \nzzzz  ->  \r\r\nzzzz

The reader's, who remembers a byte.

  $ page 02-crlf-split crlf
  $ "$ROOT/book/tools/edit.py" crlf.cc << 'END'
  >      for (std::size_t i = 0; i < piece.size(); ++i) {
  > -      if (piece[i] == '\n' && (i == 0 || piece[i - 1] != '\r')) out += '\r';
  > -      out += piece[i];
  > +      if (piece[i] == '\n' && last_ != '\r') out += '\r';
  > +      out += last_ = piece[i];
  >      }
  >      return out;
  >    }
  > +
  > + private:
  > +  char last_ = '\0';
  >  };
  > END
  $ build crlf && ./crlf
  forgetful: 23328 tries,     0 wrong
  stubborn:  23328 tries,  3424 wrong, as \r\n\nzzz  ->  \r\n\nzzz
