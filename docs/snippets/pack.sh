npm run build
npm pack -w packages/meerkat
