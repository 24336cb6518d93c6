// A first echo server: one client after the other. README.md says what to do with it.
package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"net"
)

// serve sends each message back, until the client has finished sending.
func serve(connection net.Conn) {
	header := make([]byte, 4)
	for {
		if _, err := io.ReadFull(connection, header); err == io.EOF {
			return
		} else if err != nil {
			panic(err)
		}
		payload := make([]byte, binary.LittleEndian.Uint32(header))
		if _, err := io.ReadFull(connection, payload); err != nil {
			panic(err)
		}
		if _, err := connection.Write(append(header, payload...)); err != nil {
			panic(err)
		}
	}
}

func main() {
	port := flag.Int("port", 5882, "where to listen")
	flag.Parse()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		panic(err)
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		serve(connection)
		connection.Close()
	}
}
