// An echo server that has the level `closing`, a goroutine for each client.
//
//	go build -o echo-go book/solutions/d/echo.go
//	./judge './echo-go --port {port}' --up-to closing
package main

import (
	"bufio"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"time"
)

const maxMessage = 65536

// echo answers one message after the other, until the client ends its stream (io.EOF).
func echo(connection *net.TCPConn) error {
	stream := bufio.NewReader(connection)
	message := make([]byte, 4+maxMessage)
	for {
		if _, err := io.ReadFull(stream, message[:4]); err != nil {
			return err
		}
		length := binary.LittleEndian.Uint32(message)
		if length > maxMessage {
			return fmt.Errorf("a message of %d bytes", length)
		}
		end := 4 + int(length)
		if _, err := io.ReadFull(stream, message[4:end]); err != nil {
			return fmt.Errorf("inside a message: %w", err) // io.EOF, too, if no byte of it came
		}
		if _, err := connection.Write(message[:end]); err != nil {
			return err
		}
	}
}

func serve(connection *net.TCPConn) {
	defer connection.Close()
	if err := echo(connection); err != io.EOF {
		log.Printf("%s: %v", connection.RemoteAddr(), err)
	}
	connection.CloseWrite() // our end of stream, behind the last answer
	connection.SetReadDeadline(time.Now().Add(2 * time.Second))
	io.Copy(io.Discard, connection) // closing with unread input would reset the answers away
}

func main() {
	port := flag.Int("port", 5882, "where to listen")
	flag.Parse()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: *port})
	if err != nil {
		log.Fatal(err)
	}
	for {
		if connection, err := listener.AcceptTCP(); err == nil {
			go serve(connection) // TCP_NODELAY is Go's default
		}
	}
}
