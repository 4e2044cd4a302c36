//! Rebuilds the crate when a migration is added or changed: the embedding macro alone does not.

fn main() {
    // A link to the folder at the top of the repository, so that a package contains the migrations.
    println!("cargo:rerun-if-changed=migrations");
}
