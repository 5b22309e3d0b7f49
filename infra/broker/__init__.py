"""Plumbing to a Kafka cluster: settings, clients, batches, topics. Knows no saga."""
