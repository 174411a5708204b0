"""What to do when a base map cannot be had: by what its server said, or did not say."""

from __future__ import annotations

from typing import Final

_AGAIN: Final = "Nothing stored is touched. Please try again."
_MENDS: Final = (
    ("a web page", "Sign in to the service in a browser, or check the address and the token."),
    ("answered 401", "Check user and password, or the token in the address."),
    ("answered 403", "Check user and password, or the token in the address."),
    ("answered 404", "Check the address and the layer."),
    ("answered 5", "The server is in trouble; it is asked again by itself."),
    ("refuses the connection", "Is the server running, and is the port right?"),
    ("name is not known", "Check the address, and whether this machine has a network."),
    ("did not answer", "Is the server reachable? It is asked again by itself; give it more time."),
    ("certificate", "Have the server's certificate renewed, or this machine's clock set."),
    ("redirects", "Check the address; the service sends one from place to place."),
    ("a message instead", "Check layer, style and coordinate system."),
    ("capabilities", "Check the address: it must be that of the service itself."),
    ("pixels", "This server cannot be trusted with scale; ask for another layer or format."),
    ("picture", "Ask for another picture format."),
)


def mend(said: str) -> str:
    """Return the advice for what was said of a base map."""
    return next((advice for words, advice in _MENDS if words in said), _AGAIN)
