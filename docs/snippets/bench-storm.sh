npx meerkat bench ws://localhost:8000/websocket --mode connect -c 200
