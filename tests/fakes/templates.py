"""Chat templates that know tools, in the form of those that models of the hub come with."""

_TOOLS = (
    "{%- if tools %}<|im_start|>system\n{% if messages[0].role == 'system' %}{{ messages[0].content }}\n\n{% endif %}"
    "# Tools\n\nYou may call functions. Their signatures are within <tools></tools>:\n<tools>"
    "{%- for tool in tools %}{{ '\n' }}{{ tool | tojson }}{% endfor %}\n</tools>\n\n"
    "For each call, return a JSON object within <tool_call></tool_call>:\n"
    '<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call><|im_end|>\n'
    "{%- elif messages[0].role == 'system' %}<|im_start|>system\n{{ messages[0].content }}<|im_end|>\n{% endif %}"
)
_MESSAGES = (
    "{%- for message in messages %}"
    "{%- if message.role == 'user' or (message.role == 'system' and not loop.first) %}"
    "{{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}"
    "{%- elif message.role == 'assistant' %}{{- '<|im_start|>assistant\n' + (message.content or '') }}"
    "{%- for call in message.tool_calls or [] %}"
    '{{- \'<tool_call>\n{"name": "\' + call.function.name + \'", "arguments": \' }}'
    "{%- if call.function.arguments is string %}{{- call.function.arguments }}"
    "{%- else %}{{- call.function.arguments | tojson }}{% endif %}"
    "{{- '}\n</tool_call>' }}{% endfor %}{{- '<|im_end|>\n' }}"
    "{%- elif message.role == 'tool' %}"
    "{{- '<|im_start|>user\n<tool_response>\n' + message.content + '\n</tool_response><|im_end|>\n' }}"
    "{%- endif %}{% endfor %}"
)
HERMES = _TOOLS + _MESSAGES + "{% if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{% endif %}"
"""ChatML with calls as JSON between tags: Hermes, Qwen2.5 and many more."""

QWEN3 = (
    HERMES.removesuffix("{% endif %}")
    + "{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\n\n</think>\n\n' }}"
    + "{%- endif %}{% endif %}"
).replace(
    "{{- '<|im_start|>assistant\n' + (message.content or '') }}",
    "{{- '<|im_start|>assistant\n' }}{% if message.reasoning_content %}"
    "{{- '<think>\n' + message.reasoning_content + '\n</think>\n\n' }}{% endif %}{{- message.content or '' }}",
)
"""The same, by a model that may think before it answers."""
