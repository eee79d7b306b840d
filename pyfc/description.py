"""How a component is written down in a model file: its name, who provides it, and its hyper-parameters; never code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyfc import registry
from pyfc.component import Component
from pyfc.errors import PluginError, UnknownNameError


def describe(component: Component) -> dict[str, Any]:
    """Return a component as plain data.

    Parameters
    ----------
    component : Component
        An instance.

    Returns
    -------
    dict
        ``name``, ``distribution``, ``version`` and ``config``.
    """
    record = registry.record_of(type(component))
    provider = (record.distribution, record.version) if record else (registry.IN_PROCESS, "-")
    return {
        "name": component.name,
        "distribution": provider[0],
        "version": provider[1],
        "config": component.config(),
    }


def rebuild(group: str, description: Mapping[str, Any]) -> Any:
    """Return the component that :func:`describe` wrote down.

    Parameters
    ----------
    group : str
        ``"activations"``, ``"losses"``, ``"optimizers"`` or ``"initializers"``.
    description : mapping
        From :func:`describe`.

    Returns
    -------
    Component

    Raises
    ------
    PluginError
        If the distribution that provides it is not installed; the message names it and its version.
    ValueError
        If the description is not one, or its hyper-parameters are not such as the component takes.
    """
    try:
        name, distribution, config = description["name"], description["distribution"], dict(description["config"])
        cls = registry.get(group, name if distribution == "pyfc" else f"{distribution}:{name}")
        return cls.from_config(config)
    except UnknownNameError as error:
        version = description.get("version")
        if distribution == registry.IN_PROCESS:
            todo = "run the code that registers it with pyfc.register before loading"
        elif distribution == "pyfc":
            todo = f"install pyfc {version} or newer, which has it"
        else:
            todo = f"install {distribution} {version}, which provides it"
        raise PluginError(f"{group} {name!r} is needed and not there: {todo}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{description!r} does not describe a component of {group}: {error}") from error
