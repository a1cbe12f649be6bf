npx meerkat check ws://localhost:8000/websocket --cases 9.1.3 9.1.4 --seed 1
