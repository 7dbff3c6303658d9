"""The information matrix of a normal covariance, by the entries of its lower triangle."""

import numpy as np

import tensorcalc as tc


def main() -> None:
    """Take the expectation of the Hessian, and check it for a 2 x 2 covariance."""
    covariance = tc.tensor("S", "n", "n", assume="spd")
    density = tc.read("logdet(S)/2 + tr(inv(S) C)/2", {"S": covariance, "C": ["n", "n"]}, assume={"C": "symmetric"})
    hessian = density.hessian(covariance, reading="vech")
    definitions = "".join(f"{name} = {text}; " for name, text in hessian.where.items())
    information = tc.read(f"{definitions}{hessian.to('kronecker')}", {"S": covariance, "C": covariance})
    print(f"information  {information}")
    claim = "duplication(n)' (inv(S) ⊗ inv(S)) duplication(n)/2"
    print(f"as in books  {tc.verify(information, claim).verdict}")

    s = np.array([[2.0, 0.5], [0.5, 1.0]])
    duplication = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]])
    inverse = np.linalg.inv(s)
    assert np.allclose(information(S=s), duplication.T @ np.kron(inverse, inverse) @ duplication / 2)
    print("checked: against the Kronecker product of arrays")


if __name__ == "__main__":
    main()
