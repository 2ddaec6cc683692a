//! Columns as Go's text/tabwriter lays them out with the settings Podman uses: at least 12 wide, 2 spaces between, the last
//! cell of a line free.

/// Cells are separated by tabs; a column is a block of adjacent lines that have a cell ended by a tab there.
pub fn align(text: &str) -> String {
    let lines: Vec<Vec<&str>> = text.split('\n').map(|line| line.split('\t').collect()).collect();
    let mut widths: Vec<Vec<usize>> = lines.iter().map(|cells| vec![0; cells.len() - 1]).collect();
    measure(&lines, &mut widths, 0, 0..lines.len());
    let mut out = String::new();
    for (i, (cells, widths)) in lines.iter().zip(&widths).enumerate() {
        if i > 0 {
            out.push('\n');
        }
        for (cell, width) in cells.iter().zip(widths) {
            out.push_str(cell);
            out.extend(std::iter::repeat_n(' ', width - length(cell)));
        }
        out.push_str(cells[cells.len() - 1]);
    }
    out
}

const LEAST: usize = 12;
const PADDING: usize = 2;

fn length(cell: &str) -> usize {
    cell.chars().count()
}

/// Finds the blocks of `column` within `rows`, sets their widths, and goes on to the next column inside each block.
fn measure(lines: &[Vec<&str>], widths: &mut [Vec<usize>], column: usize, rows: std::ops::Range<usize>) {
    let mut row = rows.start;
    while row < rows.end {
        if lines[row].len() <= column + 1 {
            row += 1;
            continue;
        }
        let start = row;
        while row < rows.end && lines[row].len() > column + 1 {
            row += 1;
        }
        let widest = lines[start..row].iter().map(|cells| length(cells[column])).max().unwrap_or(0);
        let width = (widest + PADDING).max(LEAST);
        widths[start..row].iter_mut().for_each(|w| w[column] = width);
        measure(lines, widths, column + 1, start..row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn podman_ps() {
        let text = "CONTAINER ID\tIMAGE\tPORTS\tNAMES\n57c4049956fa\tlocalhost/bb:latest\t\tc1\n";
        let expected =
            "CONTAINER ID  IMAGE                PORTS       NAMES\n57c4049956fa  localhost/bb:latest              c1\n";
        assert_eq!(align(text), expected);
    }

    #[test]
    fn lines_without_tabs_end_a_block() {
        assert_eq!(align("a\tb\nplain\naaaaaaaaaaaaaaa\tb"), "a           b\nplain\naaaaaaaaaaaaaaa  b");
    }
}
