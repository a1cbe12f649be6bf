npx meerkat check ws://localhost:8000/websocket --cases 1 2 7 --junit junit.xml --html report.html --json index.json
