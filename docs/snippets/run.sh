node --import tsx server.ts
