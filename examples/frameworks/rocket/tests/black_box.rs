//! The example, as a client sees it.

#[test]
fn it_serves_everything_that_every_framework_must() {
    black_box::run(env!("CARGO_BIN_EXE_mount-rocket"));
}
