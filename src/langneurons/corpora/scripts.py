"""The scripts that languages are written in, and which of them share one."""

from collections.abc import Mapping, Sequence

from babel import Locale
from babel.core import get_global

#: Codes of ISO 15924 that stand for several scripts, or for a form of one → the scripts' own codes.
_PARTS = {
    "Hans": ("Hani",),
    "Hant": ("Hani",),
    "Jpan": ("Hani", "Hira", "Kana"),
    "Kore": ("Hang", "Hani"),
}
LATIN = "Latin"


def scripts_of(language: str) -> tuple[str, ...]:
    """Return the English names of the scripts that a language is most often written in.

    Parameters
    ----------
    language
        ISO 639-1 code.

    Notes
    -----
    The script is that of the Unicode CLDR's likely subtags, as babel ships them: Cyrillic for
    Serbian, which is written in Latin too. Japanese has three, Korean two.
    """
    # Two of the codes that we know are others' aliases: Serbo-Croatian, Twi.
    known = get_global("language_aliases").get(language, language)
    tag = get_global("likely_subtags").get(known, known)
    code = next(part for part in tag.split("_")[1:] if len(part) == 4)
    names = Locale("en").scripts
    return tuple(names[part] for part in _PARTS.get(code, (code,)))


def shared_scripts(scripts: Mapping[str, Sequence[str]]) -> str:
    """Say which languages have a script of their own, and which share which.

    Parameters
    ----------
    scripts
        Language → names of its scripts; the languages that are compared.
    """
    users: dict[str, list[str]] = {}
    for language, names in scripts.items():
        for name in names:
            users.setdefault(name, []).append(language)
    shared = {name: users[name] for name in users if len(users[name]) > 1}
    alone = [
        language for language in scripts if not any(language in one for one in shared.values())
    ]
    said = []
    if alone:
        names = " ".join(alone)
        said.append(f"{names}: each alone in its script; script and language cannot be told apart.")
    said += [f"{' '.join(languages)} share {name}." for name, languages in shared.items()]
    return " ".join(said)
