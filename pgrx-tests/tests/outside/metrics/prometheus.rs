//! The figures, the dashboard and the alerts with a real Prometheus.

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use regex::Regex;
use serde_json::Value;
use vault_tests::http::{Answer, Client, Request};
use vault_tests::stack::{free_port, repository, variable};
use vault_tests::{Stack, Tenant, random};

use super::{figure_names, scrape};
use crate::support::{soon, soon_equal};

const ALERTS: &str = "docker/prometheus-alerts.yml";
const DASHBOARD: &str = "docker/grafana-dashboard.json";

fn program(name: &str) -> Command {
    Command::new(Path::new(&variable("VAULT_PROMETHEUS")).join(name))
}

/// A Prometheus that asks one vault for its figures once a second, for as long as this value lives.
struct Prometheus {
    process: Child,
    directory: PathBuf,
    client: Client,
}

impl Prometheus {
    fn watch(stack: &Stack) -> Prometheus {
        let directory = stack.state.join(random::name("prometheus"));
        fs::create_dir(&directory).unwrap();
        let configuration = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: ['{}']\n\
             scrape_configs: [{{job_name: vault, static_configs: [{{targets: ['{}']}}]}}]\n",
            repository(ALERTS).display(),
            stack.metrics
        );
        fs::write(directory.join("prometheus.yml"), configuration).unwrap();
        let server = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let process = program("prometheus")
            .arg(format!(
                "--config.file={}",
                directory.join("prometheus.yml").display()
            ))
            .arg(format!(
                "--storage.tsdb.path={}",
                directory.join("data").display()
            ))
            .arg(format!("--web.listen-address={server}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Prometheus can be run");
        let address = random::address();
        let prometheus = Prometheus {
            process,
            directory,
            client: Client { server, address },
        };
        soon("Prometheus listens", || {
            std::net::TcpStream::connect(server).is_ok()
        });
        soon_equal("Prometheus answers queries", &200, || {
            prometheus.send("/-/ready").status
        });
        prometheus
    }

    fn send(&self, path: &str) -> Answer {
        self.client.exchange(&Request::new("GET", path).bytes())
    }

    fn ask(&self, path: &str) -> Value {
        let answer = self.send(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()["data"].clone()
    }

    /// The result of a query, which must be a right one.
    fn query(&self, expression: &str) -> Vec<Value> {
        let encoded: String = form_urlencoded::byte_serialize(expression.as_bytes()).collect();
        let data = self.ask(&format!("/api/v1/query?query={encoded}"));
        data["result"].as_array().expect("a result").clone()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Every query of the dashboard, as Grafana sends it.
fn queries() -> Vec<String> {
    let dashboard: Value =
        serde_json::from_str(&fs::read_to_string(repository(DASHBOARD)).unwrap()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    let queries = targets.map(|target| target["expr"].as_str().unwrap());
    queries
        .map(|query| query.replace("$__rate_interval", "1m"))
        .collect()
}

#[test]
fn prometheus_own_parser_takes_the_figures() {
    let stack = Stack::shared();
    Tenant::new().customer();
    let answer = scrape(&stack);
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let mut check = program("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool can be run");
    check
        .stdin
        .take()
        .unwrap()
        .write_all(answer.text.as_bytes())
        .unwrap();
    let output = check.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(
        output.status.success() && said.is_empty(),
        "{said}\n{}",
        answer.text
    );
}

#[test]
fn every_query_of_the_dashboard_finds_figures_and_every_alert_is_understood() {
    let tenant = Tenant::new();
    let prometheus = Prometheus::watch(&tenant.stack);
    tenant.get("/v2/customers/nobody");
    let queries = queries();
    assert!(queries.len() > 20, "{queries:?}");
    soon("there are rates", || {
        tenant.get("/v2/customers/nobody");
        !prometheus
            .query("rate(vault_calls_total[1m]) > 0")
            .is_empty()
    });
    for query in &queries {
        soon(query, || !prometheus.query(query).is_empty());
    }
    let rules = || -> Vec<Value> {
        let groups = prometheus.ask("/api/v1/rules");
        let rules = groups["groups"][0]["rules"].as_array();
        rules.expect("rules").clone()
    };
    assert!(rules().len() > 10);
    soon("every alert could be evaluated", || {
        rules().iter().all(|rule| rule["health"] == "ok")
    });
    let names = figure_names(&tenant.stack);
    let name = Regex::new(r"\bvault_\w+").unwrap();
    for rule in rules() {
        let expression = rule["query"].as_str().unwrap();
        let named: Vec<&str> = name
            .find_iter(expression)
            .map(|found| found.as_str())
            .collect();
        assert!(
            !named.is_empty() && named.iter().all(|named| names.contains(*named)),
            "{expression} asks for what the vault does not tell"
        );
    }
}
