//! Where attempts to authenticate come from.

use std::net::{IpAddr, Ipv6Addr};

use super::short_text::ShortText;

/// A place that attempts come from. All attempts from one source are counted together.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Source {
    /// A network address: an IPv4 address, or the /64 that an IPv6 address lies in.
    Address(ShortText<43>),
    /// A database role, by the name that it has logged in with.
    Role(ShortText<63>),
}

impl Source {
    /// The source of a client with this address. An IPv6 client usually has a whole /64 to itself, and so can use as
    /// many addresses as it likes. Therefore all addresses of a /64 count as one source.
    pub fn of_address(address: &str) -> Self {
        // A link-local address names its interface.
        let bare = address.split('%').next().unwrap_or_default();
        Self::Address(match bare.parse().map(|ip: IpAddr| ip.to_canonical()) {
            Ok(IpAddr::V4(ip)) => ip.to_string().as_str().into(),
            Ok(IpAddr::V6(ip)) => format!("{}/64", network(ip)).as_str().into(),
            Err(_) => address.into(),
        })
    }

    /// The source of a session that has no address.
    pub fn of_role(name: &str) -> Self {
        Self::Role(name.into())
    }
}

fn network(address: Ipv6Addr) -> Ipv6Addr {
    Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(address: &str) -> String {
        match Source::of_address(address) {
            Source::Address(text) => text.as_str().to_owned(),
            Source::Role(_) => panic!("a role"),
        }
    }

    #[test]
    fn ipv6_addresses_count_by_their_64_and_ipv4_addresses_one_by_one() {
        assert_eq!(shown("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(shown("2001:0DB8:1:2::9"), "2001:db8:1:2::/64");
        assert_eq!(shown("fe80::1%eth0"), "fe80::/64");
        assert_eq!(shown("10.1.2.3"), "10.1.2.3");
        assert_eq!(shown("::ffff:10.1.2.3"), "10.1.2.3");
        assert_eq!(
            shown("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            "ffff:ffff:ffff:ffff::/64"
        );
    }

    #[test]
    fn what_is_no_address_counts_as_it_stands() {
        assert_eq!(shown(""), "");
        assert_eq!(shown("unix:"), "unix:");
    }

    #[test]
    fn a_role_is_no_address_whatever_its_name() {
        assert_ne!(Source::of_role("10.1.2.3"), Source::of_address("10.1.2.3"));
    }
}
