PASSWORD=correct-horse node --import tsx server.ts
