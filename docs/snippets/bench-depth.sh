npx meerkat bench ws://localhost:8000/websocket -c 100 --depth 16 --size 20,1k --pid 4711
