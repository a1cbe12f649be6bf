npm run build
npm pack -w packages/meerkat
mkdir ../my-chat
cd ../my-chat
npm init -y
npm install ../meerkat/meerkat-0.1.0.tgz
