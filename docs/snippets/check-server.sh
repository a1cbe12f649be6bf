npx meerkat check ws://localhost:8000/websocket
