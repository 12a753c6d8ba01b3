"""A convolutional auto-encoder (Hinton & Salakhutdinov 2006, doi:10.1126/science.1127647) on the synthetic survey.

The bottleneck is the embedding; the decoder turns any point of it into a picture. The loss is the mean squared error
of the reconstruction in normalised units.

    python autoencoder.py train test ..

Writes autoencoder.onnx, autoencoder.decoder.onnx, the card and golden files, and prints the reconstruction error
beside that of PCA with as many dimensions, then the figures of the embedding.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import measure
import networks
import release
import survey

PAPER = "Hinton & Salakhutdinov 2006, doi:10.1126/science.1127647"
DIM, SEED = 48, 3


def train_pair(x, epochs):
    torch.manual_seed(SEED)
    rng = torch.Generator().manual_seed(SEED)
    encoder, decoder = networks.Encoder(DIM), networks.Decoder(DIM)

    def loss(rows):
        batch = networks.turned(x[rows], rng)
        return F.mse_loss(decoder(encoder(batch)), batch)

    networks.fit([encoder, decoder], loss, len(x), epochs, rng, batch=128)
    return encoder, decoder


def release_pair(encoder, decoder, card, test, out):
    """Writes encoder, decoder, card and golden files, and returns the mean squared error on the test pictures."""
    name = card["name"]
    card["decoder"] = {"file": f"{name}.decoder.onnx", "input": "latent", "output": "picture"}
    release.release(encoder, card, test, out)
    x = torch.from_numpy(survey.prepare(card, *test))
    with torch.no_grad():
        latent = torch.cat([encoder(part) for part in x.split(250)])
        error = np.mean([F.mse_loss(decoder(z), part).item() for z, part in zip(latent.split(250), x.split(250))])
    some = latent[: 2 * release.GOLDEN]
    found = release.export(decoder, Path(out) / card["decoder"]["file"], {"latent": some}, ["picture"])
    release.save_golden(out, name, {"decoded": found["picture"]})
    return error


def pca_error(train_x, test_x, k):
    """Mean squared error of the reconstruction by k principal components."""
    train_flat, test_flat = [x.reshape(len(x), -1) for x in (train_x, test_x)]
    mean, axes = measure.pca(train_flat, k)
    centred = test_flat - mean
    return float(((centred - centred @ axes @ axes.T) ** 2).mean())


def main():
    arguments = survey.arguments(__doc__, epochs=30)
    train, test = survey.load(arguments.train), survey.load(arguments.test)
    card = release.card("autoencoder", PAPER, release.image_input(), DIM)
    train_x, test_x = [survey.prepare(card, *half) for half in (train, test)]
    encoder, decoder = train_pair(torch.from_numpy(train_x), arguments.epochs)
    error = release_pair(encoder, decoder, card, test, arguments.out)
    baseline = pca_error(train_x, test_x, DIM)
    print(f"mean squared error on the test pictures: {error:.5f}, PCA with {DIM}: {baseline:.5f}")
    print(measure.heading(), measure.row("autoencoder", arguments.out, train, test), sep="\n")


if __name__ == "__main__":
    main()
