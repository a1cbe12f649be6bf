npx meerkat bench ws://localhost:8000/websocket --scenario examples/scenario.yaml -c 20 --ramp 2s
