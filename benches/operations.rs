//! Each operation through the plain API and through the `http` service, beside the floor of unavoidable work.

fn main() {}
