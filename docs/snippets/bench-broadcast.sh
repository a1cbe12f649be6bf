npx meerkat bench ws://localhost:8000/sub --mode broadcast --publish-url ws://localhost:8000/pub -c 500 --window 1
