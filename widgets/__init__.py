"""What a person sees and touches. May import Qt, layers, the store, services and domain."""
