npx meerkat bench ws://localhost:8000/websocket -t 5s
