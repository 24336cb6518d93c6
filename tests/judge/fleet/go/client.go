package main

import (
	"errors"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

const (
	bufferBytes = 65536
	lingers     = 2 * time.Second
	longest     = 100 * 365 * 24 * time.Hour // what time.Time can be asked to add
	look        = 5 * time.Millisecond
	tcpClose    = 7 // of the kernel's states: the connection is gone
)

var buffers = sync.Pool{New: func() any { return new([bufferBytes]byte) }}

var errNotNow = errors.New("nothing is there")

type client struct {
	server  *server
	conn    *net.TCPConn
	raw     syscall.RawConn
	peer    string
	session session
	output  []byte

	lock     sync.Mutex
	draining bool
}

// A conversation without I/O.
type session interface {
	// Appends what is to be sent; how many messages were completed, and whether this was the end
	// of the conversation, with a reason where that is worth a line.
	take(data, output []byte) (out []byte, completed int, over bool, reason string)
	insideMessage() bool
}

func newClient(s *server, conn *net.TCPConn) *client {
	conn.SetKeepAlive(false)
	raw, _ := conn.SyscallConn() // fails where there is no connection
	c := &client{server: s, conn: conn, raw: raw, peer: conn.RemoteAddr().String()}
	switch s.options.protocol {
	case "http":
		c.session = &httpSession{}
	case "discard":
		c.session = discardSession{}
	default:
		c.session = &echoSession{maxMessage: s.options.maxMessage}
	}
	return c
}

// From the first byte to the last; the reason for its end, where that is worth a line.
func (c *client) serve() string {
	c.renewDeadline()
	left := -1 // bytes that had arrived when the server was told to stop
	for {
		over, reason := false, ""
		completed := 0
		n, err := c.receive(left, func(data []byte) {
			c.output, completed, over, reason = c.session.take(data, c.output)
		})
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			if c.isDraining() && left < 0 {
				left = c.inputBytes()
				continue
			}
			if n, err = c.lookOnce(bufferBytes, func(data []byte) {
				c.output, completed, over, reason = c.session.take(data, c.output)
			}); err == errNotNow {
				return c.hangUp("")
			}
		case err == errNotNow: // in a drain: all that had arrived is read
			return c.hangUp("")
		}
		if err != nil || n == 0 {
			if err == nil && c.session.insideMessage() {
				reason = "unexpected end"
			} else if c.session.insideMessage() {
				reason = err.Error()
			}
			if err != nil {
				return reason
			}
			return c.hangUp(reason)
		}
		if left > 0 {
			left -= n
		}
		held := len(c.output) > 0
		if !c.flush() || over {
			return c.hangUp(reason)
		}
		if completed > 0 || held {
			c.renewDeadline()
		}
		c.server.turns.Add(1)
	}
}

// Waits without a buffer, and lends one when bytes are there. A limit of 0 bytes and more: does not
// wait.
func (c *client) receive(limit int, use func([]byte)) (int, error) {
	if limit >= 0 {
		return c.lookOnce(limit, use)
	}
	n, result := 0, error(nil)
	err := c.raw.Read(func(fd uintptr) bool {
		n, result = read(fd, bufferBytes, use)
		return result != errNotNow
	})
	if err != nil {
		return 0, err
	}
	return n, result
}

// What is there now, up to so many bytes.
func (c *client) lookOnce(limit int, use func([]byte)) (int, error) {
	if limit == 0 {
		return 0, errNotNow
	}
	n, result := 0, error(nil)
	if err := c.raw.Control(func(fd uintptr) { n, result = read(fd, limit, use) }); err != nil {
		return 0, err
	}
	return n, result
}

func read(fd uintptr, limit int, use func([]byte)) (int, error) {
	buffer := buffers.Get().(*[bufferBytes]byte)
	defer buffers.Put(buffer)
	if limit > bufferBytes {
		limit = bufferBytes
	}
	for {
		n, err := syscall.Read(int(fd), buffer[:limit])
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return 0, errNotNow
		case err != nil:
			return 0, err
		}
		if n > 0 {
			use(buffer[:n])
		}
		return n, nil
	}
}

// Sends what is to be sent. False: the client is gone, or has taken nothing for --read-timeout.
func (c *client) flush() bool {
	queued := c.unacknowledgedBytes()
	for rest := c.output; len(rest) > 0; {
		c.conn.SetWriteDeadline(c.timeout())
		n, result := 0, error(nil)
		err := c.raw.Write(func(fd uintptr) bool {
			for {
				n, result = syscall.Write(int(fd), rest)
				if result != syscall.EINTR {
					return result != syscall.EAGAIN
				}
			}
		})
		if errors.Is(err, os.ErrDeadlineExceeded) {
			now := c.unacknowledgedBytes()
			if now < queued {
				queued = now // it has taken something since
				continue
			}
			c.output = nil
			return false
		}
		if err != nil || result != nil {
			c.output = nil
			return false
		}
		rest = rest[n:]
		queued = c.unacknowledgedBytes()
	}
	c.output = nil
	return true
}

// Ends our stream, then reads and throws away until the client's end; in a drain only until the
// client's kernel has everything.
func (c *client) hangUp(reason string) string {
	c.flush()
	c.conn.CloseWrite()
	c.setReadDeadline(time.Now().Add(lingers))
	for !c.isDraining() {
		n, err := c.receive(-1, func([]byte) {})
		if n == 0 && !(errors.Is(err, os.ErrDeadlineExceeded) && c.isDraining()) {
			return reason
		}
	}
	for c.unacknowledgedBytes() > 0 && c.state() != tcpClose {
		if _, err := c.lookOnce(bufferBytes, func([]byte) {}); err == errNotNow {
			time.Sleep(look)
		}
	}
	return reason
}

func (c *client) drain() {
	c.lock.Lock()
	c.draining = true
	c.conn.SetReadDeadline(time.Unix(1, 0)) // ends the wait
	c.lock.Unlock()
}

func (c *client) isDraining() bool {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.draining
}

func (c *client) renewDeadline() { c.setReadDeadline(c.timeout()) }

func (c *client) setReadDeadline(at time.Time) {
	c.lock.Lock()
	if !c.draining {
		c.conn.SetReadDeadline(at)
	}
	c.lock.Unlock()
}

func (c *client) timeout() time.Time {
	after := c.server.options.readTimeout
	if after == 0 || after > longest {
		return time.Time{}
	}
	return time.Now().Add(after)
}

func (c *client) unacknowledgedBytes() int { return c.ask(syscall.TIOCOUTQ) }
func (c *client) inputBytes() int          { return c.ask(syscall.TIOCINQ) }

func (c *client) ask(request uintptr) int {
	var bytes int32
	c.raw.Control(func(fd uintptr) {
		syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(unsafe.Pointer(&bytes)))
	})
	return int(bytes)
}

// The first byte of struct tcp_info.
func (c *client) state() byte {
	var info [104]byte
	size := uint32(len(info))
	c.raw.Control(func(fd uintptr) {
		syscall.Syscall6(syscall.SYS_GETSOCKOPT, fd, syscall.IPPROTO_TCP, syscall.TCP_INFO,
			uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	})
	return info[0]
}
