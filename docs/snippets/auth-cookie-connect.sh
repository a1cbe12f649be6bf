cookie=$(curl -s -D - -o /dev/null -d user=alice -d password=correct-horse \
  http://localhost:8080/login | sed -n 's/^Set-Cookie: \([^;]*\).*/\1/p')
npx meerkat connect ws://localhost:8080/websocket -m hello -H "Cookie: $cookie"
