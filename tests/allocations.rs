//! Exact counts of heap allocations, storage calls and bytes per grant.
