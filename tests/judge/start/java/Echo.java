// A first echo server: one client after the other. README.md says what to do with it.
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

class Echo {
    /** Sends each message back, until the client has finished sending. */
    static void serve(Socket connection) throws IOException {
        connection.setTcpNoDelay(true);
        var input = new DataInputStream(connection.getInputStream());
        var output = connection.getOutputStream();
        byte[] header = new byte[4];
        for (int first; (first = input.read()) >= 0;) {
            header[0] = (byte) first;
            input.readFully(header, 1, 3);
            int length = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).getInt();
            byte[] message = new byte[4 + length];
            System.arraycopy(header, 0, message, 0, 4);
            input.readFully(message, 4, length);
            output.write(message);
        }
    }

    public static void main(String[] words) throws IOException { // java Echo --port PORT
        int port = words.length > 1 ? Integer.parseInt(words[1]) : 5882;
        var listener = new ServerSocket(port, 4096, InetAddress.getByName("127.0.0.1"));
        while (true) {
            try (Socket connection = listener.accept()) {
                serve(connection);
            }
        }
    }
}
