npx meerkat check ws://localhost:8000/websocket --cases 1 2 5 7.1 --exclude 5.19 5.20
