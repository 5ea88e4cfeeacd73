"""How components and stages of the layers are called in figures and tables."""

from langneurons.components.schemas import ALL, GENERATION, TASK_SOLVING, UNDERSTANDING

COMPONENT_NAMES = {
    ALL: "all components",
    "ffn": "feed-forward",
    "q": "queries",
    "k": "keys",
    "v": "values",
}
STAGE_NAMES = {
    ALL: "all layers",
    UNDERSTANDING: "understanding",
    TASK_SOLVING: "task solving",
    GENERATION: "generation",
}
