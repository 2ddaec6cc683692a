//! What a network namespace has sent, by its counters: `/proc/net/snmp` and `snmp6`, see proc_net(5).

/// Those that packets of programs count in, but the kernel's own ICMPv6 doesn't.
const V4: [(&str, &str); 2] = [("Ip:", "OutRequests"), ("Tcp:", "OutSegs")];
const V6: [&str; 2] = ["Udp6OutDatagrams", "Icmp6OutEchos"];

/// Whether a program in it has sent anything; without the counters it may have.
pub(super) fn sent(snmp: &str, snmp6: &str) -> bool {
    V4.iter().any(|(protocol, name)| count(snmp, protocol, name) != Some(0))
        || V6.iter().any(|name| count6(snmp6, name).is_some_and(|count| count > 0))
}

/// Names in one line, numbers in the next, both behind the protocol's name.
fn count(snmp: &str, protocol: &str, name: &str) -> Option<u64> {
    let mut lines = snmp.lines().filter_map(|line| line.strip_prefix(protocol)).map(str::split_ascii_whitespace);
    let at = lines.next()?.position(|word| word == name)?;
    lines.next()?.nth(at)?.parse().ok()
}

/// A name and a number in each line.
fn count6(snmp6: &str, name: &str) -> Option<u64> {
    let line = snmp6.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_packets_count() {
        let snmp =
            |ip: u32, tcp: u32| format!("Ip: Forwarding OutRequests\nIp: 1 {ip}\nTcp: InSegs OutSegs\nTcp: 5 {tcp}\n");
        let quiet6 = "Ip6OutRequests    4\nIcmp6OutEchos     0\nUdp6OutDatagrams  0\n";
        assert!(!sent(&snmp(0, 0), quiet6));
        assert!(!sent(&snmp(0, 0), ""));
        assert!(sent(&snmp(1, 0), quiet6));
        assert!(sent(&snmp(0, 1), quiet6));
        assert!(sent(&snmp(0, 0), "Udp6OutDatagrams  1\n"));
        assert!(sent("", quiet6));
    }
}
