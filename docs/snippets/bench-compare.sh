npx meerkat bench ws://localhost:8000/websocket --rate 500 --compare now.json --max-slower 10% --html report.html
