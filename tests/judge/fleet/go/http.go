package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
)

const (
	headBytesMax  = 8192
	lineBytesMax  = 8192 // of a line between chunks
	extraBytesMax = 8192 // of extensions and trailers that no data outweighs
)

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"

var (
	requestLine = regexp.MustCompile(`^(` + token + `) [^\x00-\x20\x7f]+ HTTP/1\.([01])$`)
	headerLine  = regexp.MustCompile(`^(` + token + `):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)$`)
	chunkLine   = regexp.MustCompile(`^([0-9a-fA-F]{1,16})[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?$`)
	chunkBegin  = regexp.MustCompile(`^[0-9a-fA-F]+`)
	number64    = regexp.MustCompile(`^[0-9]+$`)
)

// What comes next on the connection.
type part int

const (
	inHead part = iota
	inBody
	inSizeLine
	inChunk
	inChunkEnd
	inTrailer
)

type httpSession struct {
	pending []byte
	part    part
	left    int64 // bytes of the body, or of the chunk
	extra   int64 // bytes of lines between chunks, less those of the data
	method  string
	old     bool // HTTP/1.0
	keep    bool
	over    bool
}

func (s *httpSession) insideMessage() bool {
	return !s.over && (s.part != inHead || len(s.pending) > 0)
}

func (s *httpSession) take(data, output []byte) ([]byte, int, bool, string) {
	if len(s.pending) > 0 {
		data = append(s.pending, data...)
		s.pending = nil
	}
	completed := 0
	for !s.over {
		used, done, status := s.step(data)
		data = data[used:]
		if status != "" {
			output = append(output, fmt.Sprintf(
				"HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status)...)
			s.over = true
		} else if done {
			output = s.answer(output)
			completed++
		} else if used == 0 {
			break
		}
	}
	if !s.over {
		s.pending = append([]byte(nil), data...)
	}
	return output, completed, s.over, ""
}

// Takes the next piece: how many bytes that were, whether the request is complete, and the status of
// a refusal.
func (s *httpSession) step(data []byte) (int, bool, string) {
	switch s.part {
	case inHead:
		return s.head(data)
	case inBody, inChunk:
		taken := int64(len(data))
		if taken > s.left {
			taken = s.left
		}
		s.left -= taken
		if s.left == 0 && s.part == inChunk {
			s.part = inChunkEnd
		} else if s.left == 0 {
			return int(taken), true, ""
		}
		return int(taken), false, ""
	case inChunkEnd:
		if len(data) > 0 && data[0] != '\r' || len(data) > 1 && data[1] != '\n' {
			return 0, false, "400 Bad Request"
		}
		if len(data) < 2 {
			return 0, false, ""
		}
		s.part = inSizeLine
		return 2, false, ""
	}
	return s.line(data)
}

func (s *httpSession) head(data []byte) (int, bool, string) {
	begin := 0
	for bytes.HasPrefix(data[begin:], []byte("\r\n")) {
		begin += 2
	}
	data = data[begin:]
	end := bytes.Index(data, []byte("\r\n\r\n"))
	if size := len(data); end < 0 && size > headBytesMax || end+4 > headBytesMax {
		return 0, false, "431 Request Header Fields Too Large"
	}
	if first := bytes.Index(data, []byte("\r\n")); first >= 0 && !requestLine.Match(data[:first]) {
		return 0, false, "400 Bad Request"
	}
	if end < 0 {
		return begin, false, ""
	}
	lines := bytes.Split(data[:end], []byte("\r\n"))
	request := requestLine.FindSubmatch(lines[0])
	s.method, s.old = string(request[1]), request[2][0] == '0'
	fields := map[string][]string{}
	for _, line := range lines[1:] {
		field := headerLine.FindSubmatch(line)
		if field == nil {
			return 0, false, "400 Bad Request"
		}
		name := string(bytes.ToLower(field[1]))
		fields[name] = append(fields[name], string(bytes.Trim(field[2], " \t")))
	}
	if !s.frame(fields) {
		return 0, false, "400 Bad Request"
	}
	s.keep = s.keeps(fields["connection"])
	return begin + end + 4, s.part == inHead, ""
}

// Where the body ends; false where that is in doubt.
func (s *httpSession) frame(fields map[string][]string) bool {
	lengths, codings := fields["content-length"], fields["transfer-encoding"]
	s.part, s.left, s.extra = inHead, 0, 0
	if len(codings) > 0 {
		s.part = inSizeLine
		chunked := string(bytes.ToLower([]byte(codings[0]))) == "chunked"
		return len(codings) == 1 && len(lengths) == 0 && chunked && !s.old
	}
	for _, length := range lengths {
		value, err := strconv.ParseInt(length, 10, 64)
		if err != nil || !number64.MatchString(length) || length != lengths[0] {
			return false
		}
		if s.left = value; value > 0 {
			s.part = inBody
		}
	}
	return true
}

func (s *httpSession) keeps(connection []string) bool {
	wishes := map[string]bool{}
	for _, value := range connection {
		for _, word := range bytes.Split([]byte(value), []byte(",")) {
			wishes[string(bytes.ToLower(bytes.Trim(word, " \t")))] = true
		}
	}
	if s.old {
		return wishes["keep-alive"]
	}
	return !wishes["close"]
}

// A line between chunks, or one of the trailer.
func (s *httpSession) line(data []byte) (int, bool, string) {
	end := bytes.Index(data, []byte("\r\n"))
	size := end
	if end < 0 {
		size = len(data)
	}
	if size > lineBytesMax || s.extra+int64(size) > extraBytesMax {
		return 0, false, "431 Request Header Fields Too Large"
	}
	if end < 0 {
		if s.part == inSizeLine && size > 0 && !chunkBegin.Match(data) {
			return 0, false, "400 Bad Request"
		}
		return 0, false, ""
	}
	line := data[:end]
	if s.part == inTrailer {
		s.extra += int64(len(line))
		if len(line) > 0 && !headerLine.Match(line) {
			return 0, false, "400 Bad Request"
		}
		return end + 2, len(line) == 0, ""
	}
	found := chunkLine.FindSubmatch(line)
	if found == nil {
		return 0, false, "400 Bad Request"
	}
	value, err := strconv.ParseInt(string(found[1]), 16, 64)
	if err != nil {
		return 0, false, "400 Bad Request"
	}
	if s.extra += int64(len(line)-len(found[1])) - value; s.extra < 0 {
		s.extra = 0
	}
	s.part, s.left = inChunk, value
	if value == 0 {
		s.part = inTrailer
	}
	return end + 2, false, ""
}

func (s *httpSession) answer(output []byte) []byte {
	s.part, s.over = inHead, !s.keep
	status, kind, body := "200 OK", "Content-Type: text/plain\r\n", "hello\n"
	if s.method != "GET" && s.method != "HEAD" {
		status, kind, body = "405 Method Not Allowed", "Allow: GET, HEAD\r\n", ""
	}
	connection := ""
	if !s.keep {
		connection = "Connection: close\r\n"
	} else if s.old {
		connection = "Connection: keep-alive\r\n"
	}
	output = append(output, fmt.Sprintf("HTTP/1.1 %s\r\n%sContent-Length: %d\r\n%s\r\n",
		status, kind, len(body), connection)...)
	if s.method != "HEAD" {
		output = append(output, body...)
	}
	return output
}
