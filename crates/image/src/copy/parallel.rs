//! Many jobs on some threads, ended by the first failure.

use crate::Error;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Jobs at a time, if nothing else is asked for: more than cores, so that waiting for a far registry leaves none idle.
pub(super) const USUAL: usize = 6;

/// Does all jobs in their order, so many at a time; the results in the jobs' order. `work` stops early once the flag is set.
pub(super) fn each<J: Sync, R: Send>(
    jobs: &[J],
    at_a_time: usize,
    work: impl Fn(&J, &AtomicBool) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let failure: Mutex<Option<Error>> = Mutex::new(None);
    let results: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(jobs.len()));
    let run = || {
        while !stop.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(number) else { return };
            match work(job, &stop) {
                Ok(result) => lock(&results).push((number, result)),
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    let mut failure = lock(&failure);
                    if failure.is_none() && !matches!(error, Error::Stopped) {
                        *failure = Some(error);
                    }
                }
            }
        }
    };
    let count = at_a_time.min(jobs.len());
    std::thread::scope(|scope| {
        for _ in 1..count {
            scope.spawn(run);
        }
        run();
    });
    if let Some(error) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(number, _)| *number);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_their_order_and_the_first_failure_ends_all() {
        let jobs: Vec<u32> = (0..100).collect();
        let doubled = each(&jobs, USUAL, |job, _| Ok(job * 2)).unwrap();
        assert_eq!(doubled, jobs.iter().map(|job| job * 2).collect::<Vec<_>>());
        let done = AtomicUsize::new(0);
        let failed = each(&jobs, 1, |job, _| {
            done.fetch_add(1, Ordering::Relaxed);
            if *job == 3 { Err(Error::Unverified { what: "it".into() }) } else { Ok(()) }
        });
        assert!(matches!(failed, Err(Error::Unverified { .. })));
        assert_eq!(done.into_inner(), 4);
    }
}
