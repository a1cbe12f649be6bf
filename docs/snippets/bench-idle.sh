npx meerkat bench ws://localhost:8000/websocket --mode idle -c 5k --ramp 5s --pid 4711
