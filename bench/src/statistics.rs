//! Medians and minima.

/// A series of measurements in one unit.
#[derive(Debug, Default, Clone)]
pub struct Series(Vec<u64>);

impl Series {
    /// Adds a value.
    pub fn push(&mut self, value: u64) {
        self.0.push(value);
    }

    /// The middle value; 0 of nothing.
    pub fn median(&self) -> u64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().unwrap_or(0)
    }

    /// The smallest value; 0 of nothing.
    pub fn minimum(&self) -> u64 {
        self.0.iter().min().copied().unwrap_or(0)
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::Series;

    #[test]
    fn median_and_minimum() {
        let mut series = Series::default();
        for value in [5, 1, 9] {
            series.push(value);
        }
        assert_eq!((series.median(), series.minimum()), (5, 1));
        assert_eq!(Series::default().median(), 0);
    }
}
