npx meerkat connect ws://localhost:8080/chat
