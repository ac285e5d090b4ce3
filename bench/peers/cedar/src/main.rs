// main - Cedar in-process: a forbid policy a guard, the entries of a blacklist as members of its group
//
// Usage: cedar-bench POLICIES ENTITIES INPUT ROUNDS. INPUT: a line of JSON for each request. Prints one JSON object.
// SPDX-License-Identifier: Apache-2.0
use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use std::time::Instant;

fn uid(kind: &str, id: &str) -> EntityUid {
    format!("{kind}::{id:?}").parse().expect("entity")
}

fn request(line: &str) -> Request {
    let input: serde_json::Value = serde_json::from_str(line).expect("input");
    let text = |key: &str| input[key].as_str().unwrap_or("").to_string();
    let context = Context::from_json_value(serde_json::json!({"vfCount": input["vfCount"]}), None)
        .expect("context");
    Request::new(
        uid("Actor", &text("actor")),
        uid("Action", &text("operation")),
        uid("Target", &text("target")),
        context,
        None,
    )
    .expect("request")
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let read = |i: usize| std::fs::read_to_string(&arguments[i]).expect("file");
    let policies: PolicySet = read(1).parse().expect("policies");
    let entities = Entities::from_json_str(&read(2), None).expect("entities");
    let requests: Vec<Request> = read(3).lines().map(request).collect();
    let rounds: usize = arguments[4].parse().expect("rounds");
    let authorizer = Authorizer::new();
    let mut times: Vec<f64> = Vec::with_capacity(rounds * requests.len());
    let mut denied = 0;
    for round in 0..=rounds {
        for request in &requests {
            let begin = Instant::now();
            let response = authorizer.is_authorized(request, &policies, &entities);
            let took = begin.elapsed().as_nanos() as f64;
            if round > 0 {
                times.push(took);
                denied += (response.decision() == Decision::Deny) as usize;
            }
        }
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((share * times.len() as f64) as usize).min(times.len() - 1)];
    println!(
        "{}",
        serde_json::json!({"p50": at(0.5), "p99": at(0.99), "p99.9": at(0.999), "max": at(1.0),
        "denied": denied as f64 / times.len() as f64})
    );
}
