//! Approves, redeems and refreshes once through `grantsmith`.

#[path = "../../../src/ours.rs"]
mod library;
#[path = "../../../src/subject.rs"]
#[expect(dead_code, reason = "the measuring program uses the rest")]
mod subject;

use subject::{Operation, Subject as _};

fn main() {
    let library = library::Ours::start();
    for operation in [Operation::ClientCredentials, Operation::RedeemCode, Operation::Refresh] {
        for spent in library.prepare(operation, 1) {
            let reply = library.answer(library.request(operation, &spent));
            assert!(reply.is_good(operation), "{}", operation.name());
        }
    }
}
