// A plain echo server: node's sockets, which are kept half open so that answers can still be sent.
import { createServer } from "node:net";

const MAX_MESSAGE = 65536;

function serve(socket) {
  let pending = Buffer.alloc(0);
  socket.on("data", (data) => {
    pending = Buffer.concat([pending, data]);
    while (pending.length >= 4) {
      const length = pending.readUInt32LE(0);
      if (length > MAX_MESSAGE) return socket.destroySoon();
      if (pending.length < 4 + length) break;
      socket.write(pending.subarray(0, 4 + length));
      pending = pending.subarray(4 + length);
    }
  });
  socket.on("end", () => socket.end());
  socket.on("error", () => socket.destroy());
}

createServer({ allowHalfOpen: true }, serve).listen(Number(process.argv[3]), "127.0.0.1");
