//! containers.conf(5): defaults of containers, engine and network.
