// A plain echo server: a goroutine for each client.
package main

import (
	"encoding/binary"
	"io"
	"net"
	"os"
)

const maxMessage = 65536

func serve(client net.Conn) {
	defer client.Close()
	header := make([]byte, 4)
	for {
		if _, err := io.ReadFull(client, header); err != nil {
			return
		}
		length := binary.LittleEndian.Uint32(header)
		if length > maxMessage {
			return
		}
		message := make([]byte, 4+length)
		copy(message, header)
		if _, err := io.ReadFull(client, message[4:]); err != nil {
			return
		}
		if _, err := client.Write(message); err != nil {
			return
		}
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[2])
	if err != nil {
		panic(err)
	}
	for {
		client, err := listener.Accept()
		if err != nil {
			continue
		}
		go serve(client)
	}
}
