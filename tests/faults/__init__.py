"""What is left after workers, broker, state store, network and clock went wrong in one run? Three ledgers, compared."""
