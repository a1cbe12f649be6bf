curl http://localhost:8080/
