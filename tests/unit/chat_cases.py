"""Tiny tokenizers and models with chat templates, and what is measured with them."""

from tiny_models import save_tiny_model, tiny_tokenizer
from tokenizers import processors

from langneurons.models.spec import ModelSpec

#: What a question becomes, and then the assistant's turn; it strips questions, as most do.
TURNS = (
    "{% for message in messages %}[{{ message['role'] }}]{{ message['content'] | trim }}"
    "{{ eos_token }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
)
#: The same after the token that begins a text.
OPENED = "{{ bos_token }}" + TURNS
BOS, EOS = 1, 2


def chat_tokenizer(template=OPENED, prepends=True):
    """A tokenizer of bytes that prepends <s> to other texts, or does not."""
    tokenizer = tiny_tokenizer()
    if prepends:
        tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", BOS)]
        )
    tokenizer.chat_template = template
    return tokenizer


def saved(tokenizer, folder):
    """Save a tokenizer alone, and return the spec of its model."""
    tokenizer.save_pretrained(folder)
    return ModelSpec(str(folder), device="cpu")


def save_chat_model(folder, **tokenizer):
    """Save a tiny chat model and return its spec."""
    save_tiny_model(folder, "llama", max_position_embeddings=256)
    return saved(chat_tokenizer(**tokenizer), folder)


def applied(tokenizer, question):
    """The tokens that transformers itself makes of a question."""
    messages = [{"role": "user", "content": question}]
    return tokenizer.apply_chat_template(messages, add_generation_prompt=True)["input_ids"]
