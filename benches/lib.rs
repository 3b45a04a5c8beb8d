//! Nothing: the bench target is all there is.
