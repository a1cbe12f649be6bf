npx meerkat bench ws://localhost:8000/websocket -c 10k --ramp 10s --rate 20k --processes 2
