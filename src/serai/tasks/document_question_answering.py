"""What the picture of a document says to a question."""

from __future__ import annotations

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Setting, Task
from serai.tasks.media import WHITE, Picture

NAME = "document-question-answering"


class Question(Inputs):
    """Answered by a list of `{"answer", "score", "start", "end"}`, the likeliest first."""

    image: Picture = Field(description="The page, as a data: address.")
    question: str = Field(min_length=1, description="What is asked.")
    word_boxes: list[str | list[float]] | None = Field(None, description="The page's words and where they stand.")


TASK = Task(
    name=NAME,
    title="Document question answering",
    inputs={NAME: Question},
    models=frozenset({NAME}),
    settings=(
        Setting("top_k", "integer", "How many answers to give, the likeliest first.", 1, 1000, common=True),
        Setting("doc_stride", "integer", "How many tokens the parts of a long context share.", 1, 1_000_000),
        Setting("handle_impossible_answer", "boolean", "Whether there may be no answer."),
        Setting("max_answer_len", "integer", "Longest answer, in tokens.", 1, 1_000_000),
        Setting("max_question_len", "integer", "Longest question, in tokens.", 1, 1_000_000),
        Setting("max_seq_len", "integer", "How many tokens are read at once.", 1, 1_000_000),
        Setting("lang", "text", "The language of the document.", 1, 20),
    ),
    shown="data",
    examples=(Example("Ask a page", NAME, {"image": WHITE, "question": "What is the sum?"}),),
)
