"""Chat templates that say nothing of tools, taught to: in the form that most models which call tools were trained on.

Where a model's template does not name tools, they would be ignored in silence. A model that was never trained to call
tools still can, told in words and held to their form by a grammar."""

from __future__ import annotations

_TEACHING = """\
{%- if tools %}
{%- set taught = namespace(messages=[], results='') %}
{%- for message in messages %}
{%- if message.role == 'tool' %}
{%- set taught.results = taught.results + '<tool_response>\\n' + message.content + '\\n</tool_response>\\n' %}
{%- else %}
{%- if taught.results %}
{%- set taught.messages = taught.messages + [{'role': 'user', 'content': taught.results}] %}
{%- set taught.results = '' %}
{%- endif %}
{%- if message.tool_calls %}
{%- set said = namespace(text=message.content or '') %}
{%- for call in message.tool_calls %}
{%- set given = call.function.arguments %}
{%- set given = given if given is string else given | tojson %}
{%- set said.text = said.text + '<tool_call>\\n{"name": "' + call.function.name + '", "arguments": ' + given + '}\\n\
</tool_call>\\n' %}
{%- endfor %}
{%- set taught.messages = taught.messages + [{'role': 'assistant', 'content': said.text}] %}
{%- else %}
{%- set taught.messages = taught.messages + [message] %}
{%- endif %}
{%- endif %}
{%- endfor %}
{%- if taught.results %}
{%- set taught.messages = taught.messages + [{'role': 'user', 'content': taught.results}] %}
{%- endif %}
{%- set described = namespace(text='You may call functions. Their signatures are within <tools></tools>:\\n<tools>') %}
{%- for tool in tools %}
{%- set described.text = described.text + '\\n' + (tool | tojson) %}
{%- endfor %}
{%- set described.text = described.text + '\\n</tools>\\nFor each call, write a JSON object within \
<tool_call></tool_call>:\\n<tool_call>\\n{"name": <function-name>, "arguments": <args-json-object>}\\n</tool_call>' %}
{%- set first = taught.messages[0] %}
{%- if first.content is string %}
{%- set opening = described.text + '\\n\\n' + first.content %}
{%- else %}
{%- set opening = [{'type': 'text', 'text': described.text}] + first.content %}
{%- endif %}
{%- set messages = [{'role': first.role, 'content': opening}] + taught.messages[1:] %}
{%- endif %}
"""


def taught(template: str) -> str:
    """The template with tools; empty where there is none, or where it knows tools already."""
    return _TEACHING + template if template and "tools" not in template else ""
