npx meerkat connect ws://localhost:8080/websocket -m hello --wait forever
