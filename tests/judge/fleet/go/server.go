package main

import (
	"errors"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

type server struct {
	options  options
	log      *log
	listener *net.TCPListener
	broken   chan struct{} // closed when accept fails for good
	freed    chan struct{} // a connection has left
	stopping chan struct{}
	permits  semaphore
	turns    atomic.Uint64 // rises with each receive
	once     sync.Once

	lock    sync.Mutex
	clients map[*client]struct{}
	empty   *sync.Cond
}

func newServer(o options, log *log, listener *net.TCPListener) *server {
	s := &server{options: o, log: log, listener: listener,
		broken: make(chan struct{}), freed: make(chan struct{}, 1), stopping: make(chan struct{}),
		permits: semaphore{left: o.maxConnections}, clients: map[*client]struct{}{}}
	s.permits.changed = sync.NewCond(&s.permits.lock)
	s.empty = sync.NewCond(&s.lock)
	return s
}

// A place under --max-connections is taken before accept is called: at the limit, new connections
// wait in the backlog.
func (s *server) accept() {
	runtime.LockOSThread() // so that a worker is a thread
	for row := 1; ; row++ {
		s.permits.acquire()
		conn, err := s.listener.AcceptTCP()
		if err != nil {
			s.permits.release()
			if s.isStopping() || s.isBroken(err) {
				return
			}
			s.log.fault("accept: " + err.Error())
			select {
			case <-s.freed:
			case <-time.After(pause):
			}
			continue
		}
		c := newClient(s, conn)
		s.lock.Lock()
		s.clients[c] = struct{}{}
		s.lock.Unlock()
		if s.isStopping() {
			c.drain()
		}
		go s.serve(c)
		if row%acceptsInARow == 0 {
			runtime.Gosched()
		}
	}
}

func (s *server) serve(c *client) {
	s.log.detail(c.peer + ": connected")
	reason := c.serve()
	if reason != "" {
		s.log.line(c.peer + ": closed: " + reason)
	} else {
		s.log.detail(c.peer + ": closed")
	}
	c.conn.Close()
	s.lock.Lock()
	delete(s.clients, c)
	if len(s.clients) == 0 {
		s.empty.Broadcast()
	}
	s.lock.Unlock()
	s.permits.release()
	select {
	case s.freed <- struct{}{}:
	default:
	}
}

func (s *server) isStopping() bool {
	select {
	case <-s.stopping:
		return true
	default:
		return false
	}
}

// Whether the listener itself is the fault: then trying again is vain.
func (s *server) isBroken(err error) bool {
	for _, one := range []syscall.Errno{syscall.EBADF, syscall.EINVAL, syscall.ENOTSOCK,
		syscall.EOPNOTSUPP, syscall.EFAULT} {
		if errors.Is(err, one) {
			s.once.Do(func() {
				s.log.line("accept does not work any more: " + err.Error())
				close(s.broken)
			})
			return true
		}
	}
	return false
}

// Accepts no more, and waits until the clients have what is due to them.
func (s *server) drain() {
	close(s.stopping)
	s.listener.Close()
	done := make(chan struct{})
	go func() {
		s.lock.Lock()
		for c := range s.clients {
			c.drain()
		}
		for len(s.clients) > 0 {
			s.empty.Wait()
		}
		s.lock.Unlock()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(s.options.drainTimeout):
	}
}

// Places that cost nothing until they are taken, however many there are.
type semaphore struct {
	lock    sync.Mutex
	changed *sync.Cond
	left    uint64
}

func (p *semaphore) acquire() {
	p.lock.Lock()
	for p.left == 0 {
		p.changed.Wait()
	}
	p.left--
	p.lock.Unlock()
}

func (p *semaphore) release() {
	p.lock.Lock()
	p.left++
	p.changed.Signal()
	p.lock.Unlock()
}
