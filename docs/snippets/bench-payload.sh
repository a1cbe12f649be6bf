npx meerkat bench ws://localhost:8000/websocket --payload order.json --payload cancel.json --depth 4
