//! What every program costs.

fn main() {
    println!("nothing");
}
