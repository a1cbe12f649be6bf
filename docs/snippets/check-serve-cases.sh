npx meerkat check --client --json index.json
