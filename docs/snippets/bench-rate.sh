npx meerkat bench ws://localhost:8000/websocket -c 500 --rate 2k -t 1m --html report.html
