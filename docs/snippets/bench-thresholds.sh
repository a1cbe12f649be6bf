npx meerkat bench ws://localhost:8000/websocket --rate 500 --max-p99 250ms --max-failures 0 --json now.json
