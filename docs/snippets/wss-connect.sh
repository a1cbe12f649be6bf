npx meerkat connect wss://localhost:8443/websocket -m hello --ca /path/to/cert.pem
