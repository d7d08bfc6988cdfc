"""nbgrader's settings for this course. nbgrader reads this file in the folder that you call it in.

If nbgrader warns that the attribute 'checksum' of a cell "has changed", that is right: it puts the hidden checks back
into cells from which it took them before you handed the assignment out.
"""

from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearOutput,
    DeduplicateIds,
    OverwriteCells,
    OverwriteKernelspec,
)

c = get_config()  # noqa: F821
c.ExecutePreprocessor.timeout = 900  # seconds for a cell: assignment 4 trains for minutes
c.OverwriteCells.add_missing_cells = True  # a graded cell that a student has deleted comes back


class LastCopyCounts(DeduplicateIds):
    """Of a graded cell that a student has copied, the last one is graded. nbgrader 0.9 alone would end the run here."""

    def preprocess_cell(self, cell, resources, cell_index):
        """Take all of nbgrader's marks off the other copies."""
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if cell.metadata.get("nbgrader") == {}:
            del cell.metadata["nbgrader"]
            self.log.warning("A student has copied this cell: the last copy counts.")
        return cell, resources


c.Autograde.sanitize_preprocessors = [ClearOutput, LastCopyCounts, OverwriteKernelspec, OverwriteCells, CheckCellMetadata]
