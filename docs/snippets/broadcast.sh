npx meerkat connect 'ws://localhost:8080/rooms?room=tea' -m hello -m '/others anybody there?' -m '/all hello all'
