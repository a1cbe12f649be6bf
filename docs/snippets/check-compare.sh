npx meerkat check ours=ws://localhost:8000/websocket theirs=ws://localhost:9000/ --cases 1 2 7 --html both.html
