"""What calls cost, what may be spent, and the ledger of both. `purse.Purse` is what the router asks; see `opening`."""
