package main

import "encoding/binary"

const headerBytes = 4

type echoSession struct {
	maxMessage uint64
	pending    []byte // of a message that is not complete
}

func (s *echoSession) take(data, output []byte) ([]byte, int, bool, string) {
	completed := 0
	for len(data) > 0 {
		if len(s.pending) == 0 {
			size, known := frameBytes(data)
			if known && size-headerBytes > s.maxMessage {
				return output, completed, true, "message too long"
			}
			if known && uint64(len(data)) >= size {
				output = append(output, data[:size]...)
				data = data[size:]
				completed++
				continue
			}
		}
		size, known := frameBytes(s.pending)
		missing := headerBytes - len(s.pending)
		if known {
			missing = int(size) - len(s.pending)
		}
		if missing > len(data) {
			missing = len(data)
		}
		s.grow(missing, size)
		s.pending = append(s.pending, data[:missing]...)
		data = data[missing:]
		if size, known = frameBytes(s.pending); !known {
			continue
		}
		if size-headerBytes > s.maxMessage {
			s.pending = nil
			return output, completed, true, "message too long"
		}
		if uint64(len(s.pending)) == size {
			if len(output) == 0 {
				output = s.pending // a large message is not copied
			} else {
				output = append(output, s.pending...)
			}
			s.pending = nil
			completed++
		}
	}
	return output, completed, false, ""
}

// Makes room by doubling, up to what the message has: memory for what has arrived, and not more.
func (s *echoSession) grow(bytes int, size uint64) {
	needed := len(s.pending) + bytes
	if needed <= cap(s.pending) {
		return
	}
	room := 2 * needed
	if uint64(room) > size && uint64(needed) <= size {
		room = int(size)
	}
	s.pending = append(make([]byte, 0, room), s.pending...)
}

func (s *echoSession) insideMessage() bool { return len(s.pending) > 0 }

// How many bytes the frame has that begins here, once its length is there.
func frameBytes(data []byte) (uint64, bool) {
	if len(data) < headerBytes {
		return 0, false
	}
	return headerBytes + uint64(binary.LittleEndian.Uint32(data)), true
}

type discardSession struct{}

func (discardSession) take(data, output []byte) ([]byte, int, bool, string) {
	return output, 1, false, ""
}

func (discardSession) insideMessage() bool { return false }
