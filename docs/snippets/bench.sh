npm run bench
npm run bench -- --only ws,meerkat --rows echo-20,broadcast
npm run bench -- --full
