//! nfnetlink transactions: messages between a begin and an end, applied together or not at all. linux/netfilter/nfnetlink.h.

use crate::Error;
use crate::netlink::message::{ACK, Attributes, Batch};
use crate::netlink::{Refusal, Socket, try_send};

pub const NEWTABLE: u16 = 0;
pub const GETTABLE: u16 = 1;
pub const DELTABLE: u16 = 2;
pub const NEWCHAIN: u16 = 3;
pub const NEWRULE: u16 = 6;
pub const NEWSET: u16 = 9;
pub const NEWSETELEM: u16 = 12;
pub const GETSETELEM: u16 = 13;
pub const DELSETELEM: u16 = 14;
pub const GETGEN: u16 = 16;

/// Our one table.
pub const TABLE: &str = "minke";
/// `NFPROTO_INET`.
pub const INET: u8 = 1;
/// `NFNL_SUBSYS_NFTABLES` in a message type's upper half.
pub const SUBSYSTEM: u16 = 10 << 8;

const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;
/// `NFNL_BATCH_GENID`.
const BATCH_GENID: u16 = 1;

/// A transaction that is being written.
pub struct Transaction {
    batch: Batch,
}

impl Transaction {
    /// Begins. With a generation, the kernel refuses (`ERESTART`) when anything changed since.
    pub fn begin(generation: Option<u32>) -> Self {
        let mut batch = Batch::new();
        batch.message("begin a firewall transaction", (BATCH_BEGIN, 0), &edge(), |a| {
            generation.iter().for_each(|id| a.be32(BATCH_GENID, *id));
        });
        Self { batch }
    }

    /// Adds an nf_tables message, to be acknowledged.
    pub fn add(&mut self, label: impl Into<String>, (kind, flags): (u16, u16), body: impl FnOnce(&mut Attributes<'_>)) {
        let kind = (SUBSYSTEM | kind, flags | ACK);
        self.batch.message(label, kind, &header(INET), body);
    }

    /// Ends and sends it. The refused messages; when there is one nothing was applied.
    pub fn try_commit(mut self, socket: &Socket) -> Result<Vec<Refusal>, Error> {
        self.batch.message("commit the firewall", (BATCH_END, 0), &edge(), |_| {});
        try_send(socket, &self.batch)
    }

    /// Ends and sends it; any refusal is an error.
    pub fn commit(self, socket: &Socket) -> Result<(), Error> {
        match self.try_commit(socket)?.into_iter().next() {
            None => Ok(()),
            Some(refusal) => Err(refusal.into_error()),
        }
    }
}

/// `struct nfgenmsg` of a request.
pub fn header(family: u8) -> [u8; 4] {
    [family, 0, 0, 0]
}

/// Begin and end name the subsystem in `res_id`, in network byte order.
fn edge() -> [u8; 4] {
    [0, 0, 0, (SUBSYSTEM >> 8) as u8]
}
