curl http://localhost:8080/connections
