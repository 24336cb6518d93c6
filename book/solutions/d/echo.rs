//! An echo server that keeps the rules of level `closing`, a thread for each client.
//!
//!     rustc -O -o echo-rs book/solutions/d/echo.rs
//!     ./judge './echo-rs --port {port}' --up-to closing

use std::io::{self, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::{Duration, Instant};

const MAX_MESSAGE: usize = 65536;

/// Answers one message after the other, until the client ends its stream: `UnexpectedEof`.
// [echo]
fn echo(mut connection: &TcpStream) -> io::Result<()> {
    let mut stream = BufReader::new(connection);
    let mut message = vec![0; 4 + MAX_MESSAGE];
    loop {
        stream.read_exact(&mut message[..4])?;
        let length = u32::from_le_bytes([message[0], message[1], message[2], message[3]]) as usize;
        if length > MAX_MESSAGE {
            return Ok(());
        }
        stream.read_exact(&mut message[4..4 + length])?;
        connection.write_all(&message[..4 + length])?;
    }
}
// [/echo]

// [serve]
fn serve(connection: &TcpStream) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let ended = echo(connection);
    connection.shutdown(Shutdown::Write)?; // our end of stream, behind the last answer
    let give_up = Instant::now() + Duration::from_secs(2);
    let mut unread = [0; 4096]; // which would reset the answers away if it were closed over
    while let Some(left) = give_up.checked_duration_since(Instant::now()) {
        connection.set_read_timeout(Some(left))?;
        if { connection }.read(&mut unread)? == 0 {
            break;
        }
    }
    ended
}
// [/serve]

fn main() -> io::Result<()> {
    let mut words = std::env::args().skip_while(|word| word != "--port").skip(1);
    let port = words.next().and_then(|word| word.parse().ok()).unwrap_or(5882);
    for connection in TcpListener::bind(("127.0.0.1", port))?.incoming().flatten() {
        std::thread::spawn(move || {
            let _ = serve(&connection); // this client is gone; the others do not care
        });
    }
    Ok(())
}
