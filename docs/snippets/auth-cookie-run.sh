PASSWORD=correct-horse npx tsx server.ts
