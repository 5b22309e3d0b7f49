"""What happens next: (definition, state, input) -> decision. Pure."""
