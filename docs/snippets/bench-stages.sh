npx meerkat bench ws://localhost:8000/websocket -c 500 --stages 30s:1k,2m:5k,10s:0 --html report.html
