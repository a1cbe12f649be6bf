npx meerkat diagnose ws://127.0.0.1:8000/chat
