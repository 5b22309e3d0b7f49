"""How quickly the HTTP API answers at half of what the machine can do: a real process, real HTTP.

First the maximum of starts a second is found; then half of it is offered, and each request goes out
when it is due, whatever the answers before it take. A latency is counted from that moment, so an
answer that is late does not hide those behind it (no coordinated omission).
"""
