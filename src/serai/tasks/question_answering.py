"""The part of a text that answers a question."""

from __future__ import annotations

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Setting, Task

NAME = "question-answering"


class Question(Inputs):
    """Answered by a list of `{"answer", "score", "start", "end"}`, the likeliest first."""

    question: str = Field(min_length=1, description="What is asked.")
    context: str = Field(min_length=1, description="The text that holds the answer.")


TASK = Task(
    name=NAME,
    title="Question answering",
    inputs={NAME: Question},
    models=frozenset({NAME}),
    settings=(
        Setting("top_k", "integer", "How many answers to give, the likeliest first.", 1, 1000, common=True),
        Setting("doc_stride", "integer", "How many tokens the parts of a long context share.", 1, 1_000_000),
        Setting("handle_impossible_answer", "boolean", "Whether there may be no answer."),
        Setting("max_answer_len", "integer", "Longest answer, in tokens.", 1, 1_000_000),
        Setting("max_question_len", "integer", "Longest question, in tokens.", 1, 1_000_000),
        Setting("max_seq_len", "integer", "How many tokens are read at once.", 1, 1_000_000),
        Setting("align_to_words", "boolean", "Whether answers are made of whole words."),
    ),
    shown="data",
    examples=(Example("Ask a text", NAME, {"question": "Who came?", "context": "At night a caravan came."}),),
)
