"""What to see in each figure, and what not to conclude from it: the words of index.html.

The keys are the figures' kinds; a file is named by its kind and, where there is one for each block, its block.
"""

from typing import NamedTuple


class Caption(NamedTuple):
    """The words around a figure."""

    name: str
    alt: str  # what is drawn, for who cannot see it
    see: str
    beware: str


CAPTIONS = {
    "answer": Caption(
        "What the net says",
        "The picture, what the net sees of it, the probability of each class, and this picture's gates as dots over "
        "the band of usual gates, a panel a block.",
        "Dots outside the gray band are gates that this picture opens or shuts more than pictures usually do.",
        "The net knows ten classes and has to name one of them, so a high probability does not say that the picture "
        "is of that class; a picture unlike those it learned from is answered too.",
    ),
    "curves": Caption(
        "Training",
        "Loss and accuracy by epoch, on training and validation images.",
        "Whether training had come to its end: where both curves lie flat, more epochs would change little.",
        "One run says nothing of another seed; and training images are flipped and cropped, so the two curves do "
        "not see the same pictures.",
    ),
    "profiles": Caption(
        "Gates by depth (the paper's Figure 6)",
        "A panel a block, from early to late: each channel's mean gate for several classes and for all images, "
        "sorted by the latter, over a gray band of one standard deviation.",
        "Where the classes' lines lie on the black one, a block treats all classes alike; where they leave it, its "
        "gates are class-specific. Channels are sorted the same way in every panel.",
        "The lines are means: an image's own gates lie in the gray band and beyond. A class that opens a channel "
        "more does not for that reason depend on it.",
    ),
    "shares": Caption(
        "Channel, class or image?",
        "Left, a bar a block: the shares of the gates' variance that belong to the channel, to the class and to the "
        "image. Right, each channel's class selectivity and the block's mean.",
        "The hatched part is what the paper calls class-specific, as one number a block; the dotted part is what "
        "changes from one image of a class to the next.",
        "A share of the variance says what gates follow, not what the net needs: only the controls do. With ten "
        "classes and few channels small differences between blocks mean nothing.",
    ),
    "controls": Caption(
        "Controls: other gates in their place",
        "A panel a block and one for all: accuracy when the gates are replaced by ones, means, other images' gates "
        "or shuffled ones, beside that with the learned gates.",
        "How far 'mean' lies below the learned gates is what it is worth that gates look at the image. The gray "
        "squares were told the true class, which no net is: they are oracles, not rivals.",
        "The other layers were trained beside these gates, so a fall does not show that a net trained without SE "
        "would be that much worse: the paired comparisons do that.",
    ),
    "pruning": Caption(
        "Channels switched off",
        "Accuracy by the share of channels switched off in every block: lowest or highest mean gate first, lowest "
        "or highest mean signal first, and at random with the range of several draws.",
        "If small gates marked channels that can go, 'lowest mean gate first' would lie above the gray band of "
        "random orders; the signal |s·u| is the control.",
        "Nothing was trained again after the cut, and all blocks were cut at once: this ranks channels, it is no "
        "way to make a net small.",
    ),
    "distribution": Caption(
        "Dead, saturated or alive?",
        "A histogram of all gates of each block, with the share of those that are shut or open, and the hidden "
        "units that never wake.",
        "A block that is alive has gates that move between images; a dead one gives every image the same, and a "
        "saturated one has them at an end, where they no longer learn.",
        "A wide histogram alone does not show that gates look at the image: they may differ between channels only. "
        "The verdict above each panel looks at each channel's own spread.",
    ),
    "moments": Caption(
        "Gates through training",
        "Small histograms of all gates: a row a block, a column a moment of the training.",
        "Gates begin around one half, for both FCs begin small and at random; read from left to right when, and in "
        "which block, they leave it.",
        "The columns are not evenly spaced in time. And gates that stay together early are no sign of a fault.",
    ),
    "weights": Caption(
        "The two matrices",
        "Heat maps of W₁ and, below it, of W₂, a column a channel and a row a hidden unit, sorted so that those "
        "that are alike stand side by side.",
        "A column with the same sign in both maps is a channel that opens its own gate. Rows that look alike are "
        "hidden units that do the same work twice.",
        "The sorting makes groups visible and also makes some out of noise. How large a weight is depends on how "
        "large the channel is, so weights of two channels cannot be compared as they stand.",
    ),
    "hidden": Caption(
        "Hidden units by class",
        "Above, how often each hidden unit is above 0; below, its mean for each class, its largest mean being 1, "
        "sorted by the class that it prefers.",
        "A light cell in a dark column is a unit that speaks for one class; a column that is light all over speaks "
        "for none. A unit that is never above 0 is dead, and stands at the end in gray.",
        "Each unit is scaled by its own largest mean, so a weak unit looks as clear as a strong one. What a unit "
        "prefers is not what it is needed for.",
    ),
    "gates": Caption(
        "All gates of one block",
        "One block: each channel's mean gate with its spread over all images; then the mean, and the spread within "
        "the class, for every class and channel.",
        "Columns whose middle panel changes from row to row are channels that follow the class; the lowest panel "
        "shows how much images of one class differ.",
        "The middle panel alone would make gates look like constants of the class. Compare its differences with the "
        "spread below before saying that a class opens a channel.",
    ),
    "scaling": Caption(
        "One picture in one block (the paper's Figure 1)",
        "One picture in one block: the picture, what the squeeze made of each channel, the gates, and all channels "
        "before and after scaling, framed in their gate's color.",
        "The paper's Figure 1 with real numbers: above, the squeeze z and the gates s; below, each map of X̃ is its map "
        "of U times one number.",
        "This is one picture. And a dark channel on the right may have been dark before: look at the left one first.",
    ),
    "openers": Caption(
        "Images that open a channel most and least",
        "A row a channel: the images that open its gate most, and those that open it least, with class and gate.",
        "What the images at one end have in common, and those at the other end have not, is a guess at what the "
        "channel asks for. The channels are those whose gates move most.",
        "These are the extremes of many images, a handful at each end: a story that fits them may fit no other. "
        "Test it on images that you chose before looking.",
    ),
    "sky": Caption(
        "Another sky",
        "One picture under an orange and under a blue sky with what the net says to each; and every block's gates "
        "under each sky, mean and spread over many images.",
        "Only the sky is repainted, and the gates move: they carry what the whole picture says to every position of "
        "it.",
        "The task was built for gating. It shows what a gate can do, not what it does on photographs.",
    ),
}
