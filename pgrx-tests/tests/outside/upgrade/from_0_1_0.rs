//! From 0.1.0, whose rows had no MACs.
