"""What makes a saga happen: definition, engine, log, runtime and its front doors."""
