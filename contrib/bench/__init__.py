"""How much work Circlet does per message, beside a peer, in one run on one machine."""
