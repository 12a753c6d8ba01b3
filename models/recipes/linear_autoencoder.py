"""A linear auto-encoder: it must find the space of PCA (Baldi & Hornik 1989, doi:10.1016/0893-6080(89)90014-2).

Minimises |x - D z|^2, z = E (x - mean), by alternating least squares from random decoder weights: the best latents for
the decoder, then the best decoder for the latents, until the decoder's space stops turning. No PCA goes in; the recipe
compares with it afterwards and prints the principal angles between both spaces and both reconstruction errors.

    python linear_autoencoder.py train test ..
"""

import numpy as np
import torch
from torch import nn

import autoencoder
import measure
import release
import survey

PAPER = "Baldi & Hornik 1989, doi:10.1016/0893-6080(89)90014-2"
NAME, DIM, SEED = "linear-autoencoder", 32, 4
LARGEST_TURN, MOST_STEPS = 2e-5, 3000


def alternate(x):
    """Decoder weights (d x DIM) of centred pictures (n x d)."""
    rng = torch.Generator().manual_seed(SEED)
    decoder = torch.linalg.qr(torch.randn(x.shape[1], DIM, generator=rng)).Q
    for step in range(MOST_STEPS):
        latent = torch.linalg.solve(decoder.T @ decoder, decoder.T @ x.T).T
        found = torch.linalg.qr(torch.linalg.solve(latent.T @ latent, latent.T @ x).T).Q
        turn = torch.linalg.matrix_norm(found - decoder @ (decoder.T @ found), 2).item()
        decoder = found
        if step % 50 == 0 or turn < LARGEST_TURN:
            print(f"step {step:4d}  mean squared error {residual(x, decoder):.7f}  turned by {turn:.1e}", flush=True)
        if turn < LARGEST_TURN:
            break
    return decoder


def residual(x, basis):
    """Mean squared error of the reconstruction in the space of orthonormal columns."""
    return ((x**2).sum() - ((x @ basis) ** 2).sum()).item() / x.numel()


def modules(mean, basis):
    """Encoder and decoder as networks."""
    encoder, decoder = nn.Linear(len(mean), DIM), nn.Linear(DIM, len(mean))
    with torch.no_grad():
        encoder.weight.copy_(basis.T)
        encoder.bias.copy_(-basis.T @ mean)
        decoder.weight.copy_(basis)
        decoder.bias.copy_(mean)
    picture = nn.Unflatten(1, (len(survey.BANDS), survey.SIZE, survey.SIZE))
    return nn.Sequential(nn.Flatten(), encoder).eval(), nn.Sequential(decoder, picture).eval()


def main():
    arguments = survey.arguments(__doc__)
    train, test = survey.load(arguments.train), survey.load(arguments.test)
    card = release.card(NAME, PAPER, release.image_input(), DIM)
    train_x, test_x = [survey.prepare(card, *half) for half in (train, test)]
    flat = torch.from_numpy(train_x.reshape(len(train_x), -1))
    mean = flat.mean(0)
    basis = alternate(flat - mean)
    encoder, decoder = modules(mean, basis)
    error = autoencoder.release_pair(encoder, decoder, card, test, arguments.out)
    _, axes = measure.pca(flat.numpy(), DIM)
    cosines = np.linalg.svd(axes.T @ basis.numpy(), compute_uv=False).clip(0, 1)
    angles = np.rad2deg(np.arccos(cosines))
    print(f"principal angles to PCA with {DIM}: median {np.median(angles):.3f}, largest {angles.max():.3f} degrees")
    print(f"mean squared error on the test pictures: {error:.5f}, ", end="")
    print(f"PCA with {DIM}: {autoencoder.pca_error(train_x, test_x, DIM):.5f}")
    print(measure.heading(), measure.row(NAME, arguments.out, train, test), sep="\n")


if __name__ == "__main__":
    main()
