//! Any bytes as a body: as JSON with every look at its fields, and as a form.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| registrar_http_hyper::fuzzing::read_body(body));
