// A first echo server. README.md says what to do with it.
const net = require("node:net");

const port = Number(process.argv[3] ?? 5882); // node echo.js --port PORT

// Sends each message back. A piece of input may hold several of them, or a part of one.
function serve(socket) {
  socket.setNoDelay(true);
  let input = Buffer.alloc(0);
  socket.on("data", (piece) => {
    input = Buffer.concat([input, piece]);
    while (input.length >= 4) {
      const end = 4 + input.readUInt32LE(0);
      if (input.length < end) {
        break;
      }
      socket.write(input.subarray(0, end));
      input = input.subarray(end);
    }
  });
}

net.createServer(serve).listen(port, "127.0.0.1");
