node scripts/docs.mjs
