r"""What turns a Gaussian into a standard normal, for many small covariances at once.

    Sigma = L L^T,    z = L^-1 (x - mu) ~ N(0, I),    log |Sigma| = 2 log |L|

References:
    Matrix Computations, section 4.2 (Golub & Van Loan, 2013)
    https://doi.org/10.56021/9781421407944
"""

import numpy as np

SMALL, MANY = 4, 64  # up to SMALL columns, MANY matrices are factored together


def whitening(cov: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """L^-1 (..., d, d) and log |L| (...) for cov = L L^T.

    LAPACK takes a microsecond for each small matrix, so many of those go column by column, all
    matrices at once.

    Raises:
        LinAlgError: a matrix is not positive definite.
    """
    d = cov.shape[-1]
    if d > SMALL or cov.size < MANY * d * d:
        chol = np.linalg.cholesky(cov)
        diagonal = np.diagonal(chol, axis1=-2, axis2=-1)
        return np.linalg.inv(chol), np.log(diagonal).sum(-1)
    a = np.moveaxis(cov, (-2, -1), (0, 1)).copy()  # (d, d, ...); becomes L below its diagonal
    for j in range(d):
        if not (a[j, j] > 0).all():
            raise np.linalg.LinAlgError("Matrix is not positive definite")
        a[j, j] = np.sqrt(a[j, j])
        a[j + 1 :, j] /= a[j, j]
        for k in range(j + 1, d):
            a[k:, k] -= a[k:, j] * a[k, j]
    root = np.zeros_like(a)
    for j in range(d):  # forward substitution on the columns of the identity
        root[j, j] = 1 / a[j, j]
        for i in range(j + 1, d):
            root[i, j] = -(a[i, j:i] * root[j:i, j]).sum(0) / a[i, i]
    log_det = np.log(np.diagonal(a, axis1=0, axis2=1)).sum(-1)
    return np.moveaxis(root, (0, 1), (-2, -1)), log_det
