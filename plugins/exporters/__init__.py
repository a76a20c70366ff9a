"""Ways to write an optimized program down for another program; the contract is `core.contracts.Exporter`."""
