//! pasta, where it is installed, as an ordinary user would have it.
