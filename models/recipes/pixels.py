"""The prepared pixels themselves as the embedding: the baseline that every encoder must beat.

    python pixels.py train test ..

PCA in the program, or in `measure.py`, on these vectors is the PCA of pixels. The decoder gives the list its shape back,
so that the components are seen as pictures.
"""

from torch import nn

import autoencoder
import measure
import release
import survey


def main():
    arguments = survey.arguments(__doc__)
    train, test = survey.load(arguments.train), survey.load(arguments.test)
    dimension = len(survey.BANDS) * survey.SIZE**2
    card = release.card("pixels", "none: the picture as a list", release.image_input(), dimension)
    card["training_data"] = "none"
    picture = nn.Unflatten(1, (len(survey.BANDS), survey.SIZE, survey.SIZE))
    autoencoder.release_pair(nn.Flatten().eval(), picture.eval(), card, test, arguments.out)
    print(measure.heading(), measure.row("pixels", arguments.out, train, test), sep="\n")


if __name__ == "__main__":
    main()
