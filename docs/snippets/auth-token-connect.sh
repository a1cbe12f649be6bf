npx meerkat connect ws://localhost:8080/websocket -m hello -s chat -H "Authorization: Bearer $TOKEN"
npx meerkat connect ws://localhost:8080/websocket -m hello -s chat -s "bearer.$TOKEN"
