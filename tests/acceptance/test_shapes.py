"""Orchestrator and services as processes of their own, on real Kafka, as a team deploys them."""

import json

import pytest

from infra.broker.settings import BrokerSettings
from tests.acceptance.conftest import Saga

SERVICES = ("product", "payment", "inventory", "shipping", "orders")


@pytest.mark.kafka
def test_processes_of_their_own_on_real_kafka(saga: Saga, kafka_broker: BrokerSettings) -> None:
    prefix = kafka_broker.topic_prefix
    env = {"KAFKA_TOPIC_PREFIX": prefix, "SAGA_GROUP": f"{prefix}orchestrator"}
    where = ("--broker", kafka_broker.address)
    orchestrator = saga.spawn("orchestrator", "--port", "0", *where, **env)
    saga.until(saga.ready, orchestrator)
    services = saga.spawn("service", *SERVICES, *where, **env)
    order = json.dumps({"order_id": 1, "user_id": 1, "product_id": 1, "quantity": 1})
    done = saga.run("start", "order-fulfillment", "--input", order, "--wait", "25", "--json")
    assert done.code == 0, done
    assert done.facts["state"] == "completed"
    assert saga.stop(services) == 0
    assert saga.stop(orchestrator) == 0


@pytest.mark.kafka
def test_the_front_door_of_orders_runs_beside_the_orchestrator(
    saga: Saga, kafka_broker: BrokerSettings
) -> None:
    prefix = kafka_broker.topic_prefix
    env = {"KAFKA_TOPIC_PREFIX": prefix, "SAGA_GROUP": f"{prefix}orchestrator"}
    where = ("--broker", kafka_broker.address)
    orchestrator = saga.spawn("orchestrator", "--port", "0", "--service", "orders", *where, **env)
    saga.until(saga.ready, orchestrator)
    services = saga.spawn("service", *SERVICES[:-1], *where, **env)
    done = saga.run("order", "start", "order-1", "--wait", "25", "--json")
    assert (done.code, done.facts["status"]) == (0, "completed"), done
    assert saga.stop(services) == 0
    assert saga.stop(orchestrator) == 0
