"""Pages from templates: everything is escaped, and nothing is fetched."""

from functools import cache

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, Template


def rendered(room: str, name: str, **values: object) -> str:
    """Fill in a template.

    Args:
        room: the package whose `templates/` holds it; it may build on `base.html` of this room.
        name: the template's file name.
        values: what it shows; text is escaped wherever it is put.
    """
    return _template(room, name).render(**values)


@cache
def _template(room: str, name: str) -> Template:
    loader = ChoiceLoader([PackageLoader(room), PackageLoader("autograder.results")])
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(name)
