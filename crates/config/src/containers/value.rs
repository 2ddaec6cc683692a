//! How one TOML value goes into one key's field.

use toml::Value;

/// A list that later files replace, or append to once one of them said `{append=true}`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List {
    /// The strings.
    pub values: Vec<String>,
    /// Some file has the key (perhaps with an empty list).
    pub set: bool,
    append: bool,
}

/// One of `default_subnet_pools`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubnetPool {
    /// `10.89.0.0/16`.
    pub base: String,
    /// Prefix length of each subnet.
    pub size: u8,
}

/// The value's type isn't the key's: (wanted, found).
pub(crate) type Mismatch = (&'static str, String);

/// A field that a TOML value can be laid over.
pub(crate) trait Lay {
    fn lay(&mut self, value: Value) -> Result<(), Mismatch>;
}

impl Lay for Option<bool> {
    fn lay(&mut self, value: Value) -> Result<(), Mismatch> {
        *self = Some(value.as_bool().ok_or_else(|| mismatch("true or false", &value))?);
        Ok(())
    }
}

impl Lay for Option<i64> {
    fn lay(&mut self, value: Value) -> Result<(), Mismatch> {
        *self = Some(value.as_integer().ok_or_else(|| mismatch("a whole number", &value))?);
        Ok(())
    }
}

impl Lay for Option<String> {
    fn lay(&mut self, value: Value) -> Result<(), Mismatch> {
        match value {
            Value::String(text) => *self = Some(text),
            other => return Err(mismatch("a text in quotes", &other)),
        }
        Ok(())
    }
}

impl Lay for List {
    fn lay(&mut self, value: Value) -> Result<(), Mismatch> {
        const WANTED: &str = "a list of texts";
        let Value::Array(items) = value else { return Err(mismatch(WANTED, &value)) };
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Value::String(text) => values.push(text),
                Value::Table(attributes) => self.append = append_attribute(attributes)?,
                other => return Err(mismatch(WANTED, &other)),
            }
        }
        self.set = true;
        if !self.append {
            self.values.clear();
        }
        self.values.append(&mut values);
        Ok(())
    }
}

/// The only table allowed in a list: `{append = true}`.
fn append_attribute(table: toml::Table) -> Result<bool, Mismatch> {
    match (table.get("append"), table.len()) {
        (Some(Value::Boolean(append)), 1) => Ok(*append),
        _ => Err(("a list of texts with at most {append=true}", "another table".into())),
    }
}

impl Lay for Option<Vec<SubnetPool>> {
    fn lay(&mut self, value: Value) -> Result<(), Mismatch> {
        const WANTED: &str = "a list of {base = \"address/bits\", size = bits}";
        let Value::Array(items) = value else { return Err(mismatch(WANTED, &value)) };
        *self =
            Some(items.iter().map(|item| pool(item).ok_or_else(|| mismatch(WANTED, item))).collect::<Result<_, _>>()?);
        Ok(())
    }
}

fn pool(item: &Value) -> Option<SubnetPool> {
    let base = item.get("base")?.as_str()?.to_owned();
    let size = u8::try_from(item.get("size")?.as_integer()?).ok()?;
    Some(SubnetPool { base, size })
}

impl Lay for std::collections::BTreeMap<String, Vec<String>> {
    fn lay(&mut self, value: Value) -> Result<(), Mismatch> {
        const WANTED: &str = "a table of lists of texts";
        let Value::Table(table) = value else { return Err(mismatch(WANTED, &value)) };
        for (name, item) in table {
            let mut list = List::default();
            list.lay(item).map_err(|(_, found)| (WANTED, found))?;
            self.insert(name, list.values);
        }
        Ok(())
    }
}

fn mismatch(wanted: &'static str, found: &Value) -> Mismatch {
    (wanted, format!("{} `{found}`", found.type_str()))
}
