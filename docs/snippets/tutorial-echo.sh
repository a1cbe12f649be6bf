npx meerkat connect ws://localhost:8000/websocket
