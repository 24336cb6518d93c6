// A first echo server: one client after the other. README.md says what to do with it.
use std::io::{Read, Result, Write};
use std::net::{TcpListener, TcpStream};

/// Sends each message back, until the client has finished sending.
fn serve(mut connection: TcpStream) -> Result<()> {
    connection.set_nodelay(true)?;
    loop {
        let mut header = [0; 4];
        if connection.read(&mut header[..1])? == 0 {
            return Ok(());
        }
        connection.read_exact(&mut header[1..])?;
        let mut payload = vec![0; u32::from_le_bytes(header) as usize];
        connection.read_exact(&mut payload)?;
        connection.write_all(&[&header[..], &payload].concat())?;
    }
}

fn main() -> Result<()> {
    let port = std::env::args().nth(2); // ./echo --port PORT
    let port = port.map_or(5882, |word| word.parse().expect("a number for --port"));
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    loop {
        serve(listener.accept()?.0)?;
    }
}
