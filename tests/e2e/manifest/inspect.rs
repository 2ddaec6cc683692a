//! `manifest inspect`.

use super::{architectures, host, other};
use testkit::{Base, Settings, TestEnv};

fn short_names_are_searched_for(env: &TestEnv) {
    let registry = env.registry();
    registry.push_index("lib/two", "latest", &[Base::image(), other()]);
    let conf = format!(
        "unqualified-search-registries = [\"{0}\"]\nshort-name-mode = \"permissive\"\n[[registry]]\nlocation = \"{0}\"\n\
         insecure = true\n[aliases]\n\"called\" = \"{0}/lib/two\"\n",
        registry.host()
    );
    env.configure(&Settings { system: &[("registries.conf", &conf)], user: &[] });
    for name in ["lib/two", "called", &format!("{}/lib/two", registry.host())] {
        assert_eq!(architectures(env, name), [host(), "s390x".to_owned()], "{name}");
    }
    env.run("manifest inspect no-such").code(125).is_readable();
    if !env.is_peer() {
        // There a location is refused.
        let name = format!("docker://{}/lib/two", registry.host());
        assert_eq!(architectures(env, &name), [host(), "s390x".to_owned()]);
    }
}

fn what_is_not_there(env: &TestEnv) {
    env.run("manifest inspect --tls-verify=false 127.0.0.1:1/no/such:1").code(125).is_readable();
    env.run("manifest inspect").code(125).complains("accepts 1 arg(s), received 0");
}

testkit::cases! { both: [short_names_are_searched_for, what_is_not_there] }
