npx meerkat connect 'ws://localhost:8080/websocket?name=alice' -m hello
