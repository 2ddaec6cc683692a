//! What a build tells while it works.

use oci::Digest;

/// What happens meanwhile.
#[derive(Debug)]
pub enum Event<'e> {
    /// A step begins.
    Step {
        /// Of this stage.
        stage: Position<'e>,
        /// The instruction.
        text: &'e str,
    },
    /// It was remembered; where its layer is there is one.
    Cached {
        /// Of this stage.
        stage: Position<'e>,
        /// What it made.
        layer: Option<&'e Digest>,
    },
    /// It is done.
    Made {
        /// Of this stage.
        stage: Position<'e>,
        /// What it made.
        layer: Option<&'e Digest>,
    },
    /// It was not; why not, for each input that is another than last time.
    Missed {
        /// Of this stage.
        stage: Position<'e>,
        /// In words.
        reasons: &'e [String],
    },
    /// It failed; the build's error says more.
    Failed {
        /// Of this stage.
        stage: Position<'e>,
    },
    /// From now on the terminal belongs to a shell in the failed step's container.
    Shell,
    /// Some time has passed, see [`Settings::tick`](super::Settings::tick).
    Tick,
    /// A command writes.
    Output {
        /// Of this stage.
        stage: Position<'e>,
        /// To its standard error.
        error: bool,
        /// What.
        bytes: &'e [u8],
    },
    /// The image is about to be recorded.
    Commit {
        /// For this platform, if there are several.
        platform: Option<&'e str>,
    },
    /// Something to know.
    Warning(&'e str),
}

/// Where in a build.
#[derive(Debug, Clone, Copy)]
pub struct Position<'e> {
    /// For which platform, if there are several.
    pub platform: Option<&'e str>,
    /// Of the stages that are built, from 1 on.
    pub stage: usize,
    /// So many are.
    pub stages: usize,
    /// In the stage, FROM being 1.
    pub step: usize,
    /// So many it has.
    pub steps: usize,
    /// The stage's.
    pub name: &'e str,
}
