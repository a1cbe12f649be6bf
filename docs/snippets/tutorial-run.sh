node tutorial-chat.mjs
