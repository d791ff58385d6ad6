# SPDX-License-Identifier: GPL-2.0-or-later
"""What a settings file comes to, said a second time: a document as tomllib reads it -> the texts of each option."""

import decimal
import math


def text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and math.isfinite(value):
        if value.is_integer():
            return f"{value:.0f}"
        return format(decimal.Decimal(repr(value)), "f")
    return str(value)


def option_texts(document, before=""):
    texts = {}
    for key, value in document.items():
        name = before + key
        if name == "tag" and isinstance(value, dict):
            texts[name] = [f"{tag}={text(each)}" for tag, each in value.items()]
        elif isinstance(value, dict):
            texts.update(option_texts(value, name + "-"))
        else:
            texts[name] = [text(each) for each in value] if isinstance(value, list) else [text(value)]
    return texts
