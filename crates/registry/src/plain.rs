//! Files of web servers that are no registries: no credentials, no authentication, the same bounds.

use crate::error::printable;
use crate::send::{Exchange, read_bounded};
use crate::url::Url;
use crate::{Client, Error, Security, Settings, Timeouts};
use std::io::Read;
use ureq::Body;
use ureq::http::Response;

/// The content of an `http://` or `https://` address; `None` if the server says that there is none.
pub fn get(url: &str, limit: u64, timeouts: Timeouts) -> Result<Option<Vec<u8>>, Error> {
    let what = format!("fetch {}", printable(url));
    ask(&what, url, timeouts)?.map(|response| read_bounded(&what, response, limit)).transpose()
}

/// The same content as it arrives. Whoever reads bounds it.
pub fn open(url: &str, timeouts: Timeouts) -> Result<Option<Box<dyn Read + Send>>, Error> {
    let what = format!("fetch {}", printable(url));
    let response = ask(&what, url, timeouts)?;
    Ok(response.map(|response| Box::new(response.into_body().into_reader()) as Box<dyn Read + Send>))
}

fn ask(what: &str, url: &str, timeouts: Timeouts) -> Result<Option<Response<Body>>, Error> {
    let refuse = || Error::Redirect { what: what.to_owned(), url: printable(url), why: "it is no http(s) address" };
    let url = Url::parse(url).ok_or_else(refuse)?;
    let settings = Settings { timeouts, ..Settings::new(Security::Verified) };
    let response = Client::new(&url.authority, settings).exchange(what, &url, Exchange::get(), None)?;
    match response.status().as_u16() {
        200 => Ok(Some(response)),
        404 => Ok(None),
        status => Err(Error::Status { what: what.to_owned(), by: url.authority, status, message: String::new() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::TcpListener;

    fn answer(reply: &'static str) -> Result<Option<Vec<u8>>, Error> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/a", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            stream.write_all(reply.as_bytes()).unwrap();
        });
        let found = get(&url, 4, Timeouts::default());
        server.join().unwrap();
        found
    }

    #[test]
    fn what_is_there_is_read_up_to_the_limit() {
        assert_eq!(answer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd").unwrap(), Some(b"abcd".to_vec()));
        assert!(matches!(answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde"), Err(Error::TooLong { .. })));
        assert_eq!(answer("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n").unwrap(), None);
        assert!(matches!(answer("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"), Err(Error::Status { .. })));
        assert!(get("file:///x", 4, Timeouts::default()).is_err());
    }
}
