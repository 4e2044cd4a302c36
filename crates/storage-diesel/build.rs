//! Rebuilds the crate when a migration is added or changed: the embedding macro alone does not.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
