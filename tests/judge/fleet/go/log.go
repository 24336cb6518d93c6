package main

import (
	"os"
	"sync/atomic"
	"time"
)

// Lines for stderr, which a goroutine writes: whoever reads them, or doesn't, holds up no client.
type log struct {
	verbose bool
	lines   chan string
	waiting atomic.Int64
	quiet   atomic.Int64 // until when the next fault is not worth a line, in ns
}

func newLog(verbose bool) *log {
	l := &log{verbose: verbose, lines: make(chan string, 1000)}
	go func() {
		for text := range l.lines {
			os.Stderr.WriteString(text + "\n") // a log that cannot be written changes nothing
			l.waiting.Add(-1)
		}
	}()
	return l
}

// Drops the line where too many wait already.
func (l *log) line(text string) {
	l.waiting.Add(1)
	select {
	case l.lines <- text:
	default:
		l.waiting.Add(-1)
	}
}

func (l *log) detail(text string) {
	if l.verbose {
		l.line(text)
	}
}

// A fault that may repeat: at most one line a second.
func (l *log) fault(text string) {
	now := time.Now().UnixNano()
	until := l.quiet.Load()
	if now >= until && l.quiet.CompareAndSwap(until, now+int64(time.Second)) {
		l.line(text)
	}
}

func (l *log) waitUntilWritten(atMost time.Duration) {
	for end := time.Now().Add(atMost); l.waiting.Load() > 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
}
