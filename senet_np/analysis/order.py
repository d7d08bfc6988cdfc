"""Which rows are alike? An order that puts them side by side, so that a heat map shows groups if there are any.

Agglomerative clustering with average linkage: the two closest groups are merged, until one is left.
"""

import numpy as np


def similar_order(rows: np.ndarray) -> np.ndarray:
    """Order rows (n, d) so that those that point the same way stand together: (n,) a permutation of their numbers.

    The distance of two rows is 1 − the cosine of their angle; that of two groups is the mean over their pairs. When
    two groups are merged, each may be reversed so that the ends that meet fit best.

    Source: Sokal and Michener 1958 (average linkage).
    """
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = np.divide(rows, length, out=np.zeros(rows.shape), where=length > 0)
    distance = 1 - unit @ unit.T  # between rows
    apart = distance.copy()  # between groups; row and column of a group that was merged away are infinite
    np.fill_diagonal(apart, np.inf)
    groups = [[k] for k in range(len(rows))]
    for _ in range(len(rows) - 1):
        a, b = np.unravel_index(int(apart.argmin()), apart.shape)
        na, nb = len(groups[a]), len(groups[b])
        mean = (na * apart[a] + nb * apart[b]) / (na + nb)
        groups[a] = _merged(groups[a], groups[b], distance)
        groups[b] = []
        apart[a], apart[:, a] = mean, mean
        apart[a, a], apart[b], apart[:, b] = np.inf, np.inf, np.inf
    return np.array(max(groups, key=len, default=[]), np.int64)


def _merged(left: list[int], right: list[int], distance: np.ndarray) -> list[int]:
    """Both groups in a row, each turned so that the ends that meet are as close as can be."""
    ways = [(a, b) for a in (left, left[::-1]) for b in (right, right[::-1])]
    a, b = min(ways, key=lambda way: distance[way[0][-1], way[1][0]])
    return a + b
