npx meerkat check --client --cases 1 2 7 -- node --import tsx client.ts
