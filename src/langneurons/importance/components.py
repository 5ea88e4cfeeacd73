"""What can be important: the components of a layer whose dimensions are neurons (METHOD 8)."""

FFN = "ffn"
#: In the order of tables and figures: units of the MLP, dimensions of queries, keys and values.
COMPONENTS = (FFN, "q", "k", "v")
#: The change of the sub-layer's output, and what the released code computes.
PAPER, RELEASED = VARIANTS = ("paper", "released")
