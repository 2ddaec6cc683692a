//! What was done so far, to be taken back in reverse when a later step fails.

/// A stack of steps; dropped without [`Undo::keep`] it runs them, the last first.
#[derive(Default)]
pub(crate) struct Undo<'a> {
    steps: Vec<Box<dyn FnOnce() + 'a>>,
}

impl<'a> Undo<'a> {
    /// To be done if a later step fails. It can't report: the later step's error is the one that counts.
    pub(crate) fn push(&mut self, step: impl FnOnce() + 'a) {
        self.steps.push(Box::new(step));
    }

    /// All went well.
    pub(crate) fn keep(mut self) {
        self.steps.clear();
    }
}

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        while let Some(step) = self.steps.pop() {
            step();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Undo;
    use std::cell::RefCell;

    #[test]
    fn steps_run_in_reverse_unless_kept() {
        let done = RefCell::new(Vec::new());
        let mut undo = Undo::default();
        undo.push(|| done.borrow_mut().push(1));
        undo.push(|| done.borrow_mut().push(2));
        drop(undo);
        assert_eq!(*done.borrow(), [2, 1]);
        let mut undo = Undo::default();
        undo.push(|| done.borrow_mut().push(3));
        undo.keep();
        assert_eq!(done.borrow().len(), 2);
    }
}
