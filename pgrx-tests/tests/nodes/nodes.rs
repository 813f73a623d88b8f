//! The nodes that the environment names.

use std::fs;
use std::process::Command;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use vault_tests::stack::{repository, variable};
use vault_tests::{Session, Stack, Tenant};

/// Tests that kill nodes run while no other test does.
static TURNS: RwLock<()> = RwLock::new(());

/// All nodes, for as long as a test has its turn.
pub struct Nodes {
    pub all: Vec<Node>,
    _turn: Turn,
}

enum Turn {
    WithOthers {
        _guard: RwLockReadGuard<'static, ()>,
    },
    Alone {
        _guard: RwLockWriteGuard<'static, ()>,
    },
}

/// One of them.
#[derive(Clone, Debug)]
pub struct Node {
    /// Node 1 is the coordinator.
    pub number: usize,
    pub stack: Stack,
}

impl Nodes {
    /// The nodes, which other tests use, too.
    pub fn shared() -> Nodes {
        let guard = TURNS.read().unwrap_or_else(PoisonError::into_inner);
        Nodes::during(Turn::WithOthers { _guard: guard })
    }

    /// The nodes, for a test that kills some.
    pub fn alone() -> Nodes {
        let guard = TURNS.write().unwrap_or_else(PoisonError::into_inner);
        Nodes::during(Turn::Alone { _guard: guard })
    }

    fn during(turn: Turn) -> Nodes {
        let stack = Stack::shared();
        let ports = variable("VAULT_NODE_PORTS");
        let ports = ports
            .split_whitespace()
            .map(|port| port.parse().expect("a port"));
        let node = |(place, port)| Node {
            number: place + 1,
            stack: stack.at(port),
        };
        Nodes {
            all: ports.enumerate().map(node).collect(),
            _turn: turn,
        }
    }

    /// A tenant on each node, whose profile nginx knows.
    pub fn tenants(&self) -> Vec<Tenant> {
        let tenants = self.all.iter().map(Node::unannounced_tenant).collect();
        tell_edge();
        tenants
    }

    pub fn coordinator(&self) -> &Node {
        &self.all[0]
    }

    /// Two nodes of which neither is the coordinator.
    pub fn workers(&self) -> (&Node, &Node) {
        (&self.all[1], &self.all[2])
    }
}

impl Node {
    /// A merchant with a profile on this node.
    pub fn tenant(&self) -> Tenant {
        let tenant = self.unannounced_tenant();
        tell_edge();
        tenant
    }

    /// The same, before nginx knows where the profile is.
    pub fn unannounced_tenant(&self) -> Tenant {
        Tenant::within(&self.stack)
    }

    pub fn superuser(&self) -> Session {
        self.stack.superuser()
    }

    /// Kills the postmaster, as a loss of power would.
    pub fn kill(&self) {
        self.command("kill");
    }

    /// Starts a node that was killed, and waits until it answers.
    pub fn start(&self) {
        self.command("start");
    }

    /// Stops all processes where they are.
    pub fn freeze(&self) {
        self.command("freeze");
    }

    /// Lets them go on.
    pub fn thaw(&self) {
        self.command("thaw");
    }

    /// Makes a standby, which has everything that the node acknowledges from then on.
    pub fn make_standby(&self) {
        self.command("standby");
    }

    /// Kills the node and gives its address to its standby.
    pub fn fail_over(&self) {
        self.command("failover");
    }

    fn command(&self, command: &str) {
        frame(&[command, &self.number.to_string()]);
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        let path = self
            .stack
            .state
            .join(format!("log/node-{}.log", self.number));
        String::from_utf8_lossy(&fs::read(path).expect("a log")).into_owned()
    }
}

/// Has nginx ask where the profiles are.
pub fn tell_edge() {
    frame(&["edge"]);
}

fn frame(arguments: &[&str]) {
    // The environment has the state's directory.
    let status = Command::new(repository("docker/test-nodes"))
        .args(arguments)
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "docker/test-nodes {arguments:?}"
    );
}
