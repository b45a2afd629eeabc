"""How the code is laid out, in numbers; and what the page of rules says of the code."""
