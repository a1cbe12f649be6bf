npx meerkat connect ws://localhost:8080/echo -m hello
npx meerkat connect ws://localhost:8080/v1/echo -m 'hello again'
npx meerkat connect ws://localhost:8080/upload --hex -m '00 01 fe ff'
