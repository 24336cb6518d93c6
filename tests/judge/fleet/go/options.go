package main

import (
	"fmt"
	"math"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

type options struct {
	host           string
	port           uint64
	maxMessage     uint64
	maxConnections uint64
	readTimeout    time.Duration // 0: none
	drainTimeout   time.Duration
	workers        uint64
	protocol       string
	verbose        bool
}

// An option that takes a value: what that may be, and whether it was one.
type option struct {
	name, takes string
	set         func(string) bool
}

func (o *options) table() []option {
	return []option{
		{"--host", "an IPv4 or IPv6 literal", func(word string) bool {
			o.host = word
			return net.ParseIP(word) != nil
		}},
		{"--port", "a number from 0 to 65535", number(&o.port, 0, math.MaxUint16)},
		{"--max-message", "a number of bytes", number(&o.maxMessage, 0, math.MaxUint32)},
		{"--max-connections", "a number from 1", number(&o.maxConnections, 1, math.MaxInt32)},
		{"--read-timeout", "a duration, as 250ms, 10s, 2m or 0", duration(&o.readTimeout)},
		{"--drain-timeout", "a duration, as 250ms, 10s, 2m or 0", duration(&o.drainTimeout)},
		{"--workers", "a number from 1 to 1024", number(&o.workers, 1, 1024)},
		{"--protocol", "echo, discard or http", func(word string) bool {
			o.protocol = word
			return word == "echo" || word == "discard" || word == "http"
		}},
	}
}

func number(to *uint64, least, most uint64) func(string) bool {
	return func(word string) bool {
		value, ok := digits(word)
		*to = value
		return ok && value >= least && value <= most
	}
}

func duration(to *time.Duration) func(string) bool {
	return func(word string) bool {
		if word == "0" {
			*to = 0
			return true
		}
		for _, unit := range []struct {
			suffix string
			length time.Duration
		}{{"ms", time.Millisecond}, {"s", time.Second}, {"m", time.Minute}} {
			if !strings.HasSuffix(word, unit.suffix) {
				continue
			}
			value, ok := digits(strings.TrimSuffix(word, unit.suffix))
			if !ok || value > uint64(math.MaxInt64/int64(unit.length)) {
				return false
			}
			*to = time.Duration(value) * unit.length
			return true
		}
		return false
	}
}

// The number that a word of decimal digits is.
func digits(word string) (uint64, bool) {
	if strings.Trim(word, "0123456789") != "" {
		return 0, false
	}
	value, err := strconv.ParseUint(word, 10, 64)
	return value, err == nil
}

func parseOptions(words []string) options {
	o := options{host: "127.0.0.1", port: 5882, maxMessage: 65536, maxConnections: 4096,
		readTimeout: time.Minute, drainTimeout: 5 * time.Second, workers: 2, protocol: "echo"}
	for len(words) > 0 {
		name, value, joined := strings.Cut(words[0], "=")
		words = words[1:]
		switch {
		case name == "--help" && !joined:
			help(&o)
		case name == "--version" && !joined:
			fmt.Println("echo in Go 1.0")
			os.Exit(0)
		case name == "--verbose" && !joined:
			o.verbose = true
			continue
		}
		line := find(o.table(), name)
		if line == nil {
			wrongUsage(fmt.Sprintf("%q is no option, or takes no value", name))
		}
		if !joined {
			if len(words) == 0 {
				wrongUsage(name + " takes " + line.takes)
			}
			value, words = words[0], words[1:]
		}
		if !line.set(value) {
			wrongUsage(fmt.Sprintf("%s takes %s, not %q", name, line.takes, value))
		}
	}
	return o
}

func find(table []option, name string) *option {
	for i := range table {
		if table[i].name == name {
			return &table[i]
		}
	}
	return nil
}

func help(o *options) {
	fmt.Println("usage: echo [options]")
	for _, line := range o.table() {
		fmt.Printf("  %-18s %s\n", line.name, line.takes)
	}
	fmt.Println("  --verbose, --help, --version")
	os.Exit(0)
}

func wrongUsage(why string) {
	fmt.Fprintln(os.Stderr, "echo:", why)
	os.Exit(2)
}
