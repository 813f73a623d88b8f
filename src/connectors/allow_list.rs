//! Which hosts and addresses may be called: the setting `vault.connector_hosts`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::{Host, Url};

/// The hosts and addresses that may be called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowList {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    what: What,
    /// None if the entry is for the default port of the scheme.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Name(String),
    /// The part behind `*`, from its dot on.
    NamesUnder(String),
    Network(IpNet),
}

/// The port of a call.
#[derive(Debug, Clone, Copy)]
pub struct Port {
    /// Its number.
    pub number: u16,
    /// Whether it is the default port of the URL's scheme.
    pub is_default: bool,
}

impl AllowList {
    /// Reads the setting: names (`api.stripe.com`), names with any first part (`*.adyen.com`), addresses and networks
    /// (`127.0.0.1`, `10.1.0.0/16`), each with a port or without, separated by commas. An IPv6 address with a port stands in
    /// brackets.
    ///
    /// An entry without a port allows the scheme's own port only. Nothing is allowed by an empty setting.
    ///
    /// # Errors
    /// The entry that is none of these.
    pub fn parse(setting: &str) -> Result<Self, String> {
        let entries = setting
            .split(',')
            .map(str::trim)
            .filter(|text| !text.is_empty());
        let entries = entries.map(|text| Entry::parse(text).ok_or_else(|| text.to_owned()));
        Ok(Self {
            entries: entries.collect::<Result<_, _>>()?,
        })
    }

    /// Whether the URL's host may be called, judged by its name. The name can still lead to an address that may not be called.
    pub fn allows(&self, url: &Url) -> bool {
        let (Some(host), Some(port)) = (url.host(), Port::of(url)) else {
            return false;
        };
        match host {
            Host::Domain(name) => self.entries.iter().any(|entry| entry.has_name(name, port)),
            Host::Ipv4(address) => self.names_address(address.into(), port),
            Host::Ipv6(address) => self.names_address(address.into(), port),
        }
    }

    /// Whether an address may be called that an allowed name has led to: the address is public, or the list names it.
    pub fn allows_address(&self, address: IpAddr, port: Port) -> bool {
        is_public(address) || self.names_address(address, port)
    }

    fn names_address(&self, address: IpAddr, port: Port) -> bool {
        let address = address.to_canonical();
        self.entries
            .iter()
            .any(|entry| entry.has_address(address, port))
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        if let Some(network) = parse_network(text) {
            return Some(Self {
                what: What::Network(network),
                port: None,
            });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(parse_port(port)?)),
            None => (text, None),
        };
        Some(Self {
            what: What::parse(host)?,
            port,
        })
    }

    fn has_name(&self, name: &str, port: Port) -> bool {
        let fits = match &self.what {
            What::Name(own) => own == name,
            What::NamesUnder(end) => name
                .strip_suffix(end.as_str())
                .is_some_and(|first| !first.is_empty() && !first.contains('.')),
            What::Network(_) => false,
        };
        fits && self.has_port(port)
    }

    fn has_address(&self, address: IpAddr, port: Port) -> bool {
        matches!(&self.what, What::Network(network) if network.contains(&address))
            && self.has_port(port)
    }

    fn has_port(&self, port: Port) -> bool {
        self.port.map_or(port.is_default, |own| own == port.number)
    }
}

impl What {
    fn parse(host: &str) -> Option<Self> {
        if let Some(inside) = host.strip_prefix('[') {
            return parse_network(inside.strip_suffix(']')?).map(Self::Network);
        }
        if let Some(network) = parse_network(host) {
            return Some(Self::Network(network));
        }
        match host.strip_prefix("*.") {
            Some(end) => parse_name(end).map(|end| Self::NamesUnder(format!(".{end}"))),
            None => parse_name(host).map(Self::Name),
        }
    }
}

/// A name in the form that URLs have: in small letters, and in ASCII (punycode) if it has letters of other scripts.
fn parse_name(text: &str) -> Option<String> {
    match Host::parse(text) {
        Ok(Host::Domain(name)) if !name.contains('*') => Some(name),
        _ => None,
    }
}

fn parse_network(text: &str) -> Option<IpNet> {
    let network = text.parse::<IpNet>().or_else(|_| {
        let address = text.parse::<IpAddr>();
        address.map(|address| address.to_canonical().into())
    });
    network.ok().map(|network| network.trunc())
}

fn parse_port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0)
}

impl Port {
    /// The port that a URL leads to.
    pub fn of(url: &Url) -> Option<Self> {
        Some(Self {
            number: url.port_or_known_default()?,
            // The parser drops the default port of a scheme.
            is_default: url.port().is_none(),
        })
    }
}

/// IANA's registry of special-purpose addresses, without those that lead to anybody on the internet, and multicast.
const SPECIAL_IPV4: [Ipv4Net; 15] = [
    ipv4(0, 0, 0, 0, 8),
    ipv4(10, 0, 0, 0, 8),
    ipv4(100, 64, 0, 0, 10),
    ipv4(127, 0, 0, 0, 8),
    ipv4(169, 254, 0, 0, 16),
    ipv4(172, 16, 0, 0, 12),
    ipv4(192, 0, 0, 0, 24),
    ipv4(192, 0, 2, 0, 24),
    ipv4(192, 88, 99, 0, 24),
    ipv4(192, 168, 0, 0, 16),
    ipv4(198, 18, 0, 0, 15),
    ipv4(198, 51, 100, 0, 24),
    ipv4(203, 0, 113, 0, 24),
    ipv4(224, 0, 0, 0, 4),
    ipv4(240, 0, 0, 0, 4),
];

/// The network of all public addresses. Loopback, private, link-local and multicast addresses lie outside.
const GLOBAL_IPV6: Ipv6Net = ipv6(0x2000, 0, 3);

/// Parts of that network that lead elsewhere: protocols (Teredo and benchmarks among them) and documentation.
const SPECIAL_IPV6: [Ipv6Net; 3] = [
    ipv6(0x2001, 0, 23),
    ipv6(0x2001, 0xdb8, 32),
    ipv6(0x3fff, 0, 20),
];

const SIX_TO_FOUR: Ipv6Net = ipv6(0x2002, 0, 16);
const NAT64: Ipv6Net = ipv6(0x64, 0xff9b, 96);

const fn ipv4(a: u8, b: u8, c: u8, d: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn ipv6(a: u16, b: u16, length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), length)
}

fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_ipv4(address),
        IpAddr::V6(address) => is_public_ipv6(address),
    }
}

fn is_public_ipv4(address: Ipv4Addr) -> bool {
    !SPECIAL_IPV4
        .iter()
        .any(|network| network.contains(&address))
}

fn is_public_ipv6(address: Ipv6Addr) -> bool {
    match carried_ipv4(address) {
        Some(carried) => is_public_ipv4(carried),
        None => {
            GLOBAL_IPV6.contains(&address)
                && !SPECIAL_IPV6
                    .iter()
                    .any(|network| network.contains(&address))
        }
    }
}

/// The IPv4 address that a translator or a tunnel would make of an IPv6 address.
fn carried_ipv4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = if NAT64.contains(&address) {
        address.to_bits()
    } else if SIX_TO_FOUR.contains(&address) {
        address.to_bits() >> 80
    } else {
        return None;
    };
    u32::try_from(bits & u128::from(u32::MAX))
        .ok()
        .map(Ipv4Addr::from_bits)
}
