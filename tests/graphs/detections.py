# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""Detections of a random graph against LiteRT's.

Rows behind the count of boxes mean nothing: LiteRT leaves there what the memory held. One difference is LiteRT's own
and allowed: which of equal scores comes first, and which of them is left out where the list ends, is left by its sort
and by the last bit of its dequantisation.
"""

import numpy as np

# Boxes and scores are floats, computed in another order; of the largest number of their kind.
TOLERANCE = 1e-4
# Two scores that are one number: LiteRT's dequantisation adds -zero_point * scale in float32.
EQUAL_SCORES = 1e-5


def rows_of(outputs, count):
    """[count][top, left, bottom, right, class, score]"""
    boxes, classes, scores = (np.asarray(output, np.float64).ravel() for output in outputs[:3])
    return np.concatenate([boxes.reshape(-1, 4), classes[:, None], scores[:, None]], axis=1)[:count]


def close(ours, theirs):
    """[rows] Whether each row is the same; boxes that overflow are infinite or NaN in both."""
    finite = np.where(np.isfinite(theirs), np.abs(theirs), 0)
    most = np.repeat([finite[:, :4].max(), 1, finite[:, 5].max()], [4, 1, 1])
    return (np.isclose(ours, theirs, rtol=0, atol=TOLERANCE * most, equal_nan=True)).all(axis=1)


def only_equal_scores_moved(ours, theirs):
    """Whether rows differ only where several have one score, or where one of equals was left out at a list's end."""
    scores, most = theirs[:, 5], np.abs(theirs[:, 5]).max()
    if not np.isclose(ours[:, 5], scores, rtol=0, atol=EQUAL_SCORES * most).all():
        return False
    for at in np.flatnonzero(~close(ours, theirs)):
        equals = np.abs(scores - scores[at]) <= EQUAL_SCORES * most
        moved = close(np.repeat(ours[at : at + 1], len(theirs), axis=0), theirs)
        if not (moved & equals).any() and not equals[-1]:
            return False
    return True


def compare_detections(graph, theirs):
    """(what differs or None, the reason that allows it or None)."""
    ours_count, their_count = int(graph.answer[3][0]), int(theirs[3].ravel()[0])
    if ours_count != their_count:
        return f"{ours_count} detections, LiteRT {their_count}", None
    # The count is of boxes, and with several classes a box each has as many rows.
    rows = min(theirs[1].size, their_count * graph.rows_a_box)
    if rows == 0:
        return None, None
    mine, right = rows_of(graph.answer, rows), rows_of(theirs, rows)
    equal = close(mine, right)
    if equal.all():
        return None, None
    at = int(np.argmin(equal))
    found = f"detection {at} differs: {mine[at]}, LiteRT {right[at]}"
    return found, "detections of equal scores in another order" if only_equal_scores_moved(mine, right) else None
